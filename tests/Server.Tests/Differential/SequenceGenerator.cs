namespace RedisClone.Server.Tests.Differential;

/// <summary>One command of a sequence.</summary>
/// <param name="Connection">Which connection sends it.</param>
/// <param name="Command">Its arguments; byte strings are characters 0 to 255.</param>
public sealed record Turn(string Connection, IReadOnlyList<string> Command)
{
    public const string MainConnection = "main";
    public const string RivalConnection = "rival";
    public const string InspectorConnection = "inspector";
}

/// <summary>Makes sequences of commands; the same seed always makes the same one.</summary>
public static class SequenceGenerator
{
    private const int RivalPercent = 6;
    private const int SpoilPercent = 4;
    private const int EndOfTransactionPercent = 20;

    /// <summary>A sequence of <paramref name="length"/> commands.</summary>
    public static List<Turn> Generate(int seed, int length)
    {
        var vocabulary = new Vocabulary(new Random(seed));
        var turns = new List<Turn>(length);
        bool isInTransaction = false;
        while (turns.Count < length)
        {
            if (vocabulary.Percent(RivalPercent))
            {
                turns.Add(new Turn(Turn.RivalConnection, Choose(Templates.Rival, vocabulary).Fill(vocabulary)));
                continue;
            }

            List<string> command = isInTransaction && vocabulary.Percent(EndOfTransactionPercent)
                ? ["EXEC"]
                : Choose(Templates.Main, vocabulary).Fill(vocabulary);
            if (vocabulary.Percent(SpoilPercent))
            {
                Spoil(command, vocabulary);
            }

            isInTransaction = IsInTransactionAfter(command, isInTransaction);
            turns.Add(new Turn(Turn.MainConnection, command));
        }

        return turns;
    }

    /// <summary>Makes a command wrong, or nearly: one argument less, one more, or another one.</summary>
    private static void Spoil(List<string> command, Vocabulary vocabulary)
    {
        int at = 1 + vocabulary.Below(command.Count);
        switch (vocabulary.Below(3))
        {
            case 0 when at < command.Count:
                command.RemoveAt(at);
                break;
            case 1 when at < command.Count:
                command[at] = vocabulary.Junky();
                break;
            default:
                command.Insert(at, vocabulary.Junky());
                break;
        }
    }

    private static bool IsInTransactionAfter(List<string> command, bool before) => command switch
    {
        ["MULTI"] => true,
        ["EXEC" or "DISCARD" or "RESET", ..] => false,
        _ => before,
    };

    private static Template Choose(IReadOnlyList<Template> templates, Vocabulary vocabulary)
    {
        int left = vocabulary.Below(templates.Sum(template => template.Weight));
        foreach (Template template in templates)
        {
            left -= template.Weight;
            if (left < 0)
            {
                return template;
            }
        }

        throw new InvalidOperationException("the weights do not add up");
    }
}
