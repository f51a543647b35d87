namespace RedisClone.Server.Tests.Differential;

/// <summary>
/// Makes a failing sequence small by delta debugging: ever smaller chunks are left out, then arguments, then arguments
/// are made simpler, as long as it still fails.
/// </summary>
/// <param name="fails">Plays a sequence.</param>
/// <param name="playsMax">After so many plays, the smallest one found so far will do.</param>
public sealed class Shrinker(Func<IReadOnlyList<Turn>, bool> fails, int playsMax)
{
    private static readonly string[] Simple = ["", "0", "1", "a"];

    private int _plays;

    /// <summary>A sequence that fails, and that gets no smaller by one step.</summary>
    public IReadOnlyList<Turn> Shrink(IReadOnlyList<Turn> failing)
    {
        IReadOnlyList<Turn> before;
        IReadOnlyList<Turn> smallest = failing;
        do
        {
            before = smallest;
            smallest = SimplifyArguments(LeaveOutArguments(LeaveOutTurns(before)));
        }
        while (!ReferenceEquals(before, smallest) && _plays < playsMax);
        return smallest;
    }

    private IReadOnlyList<Turn> LeaveOutTurns(IReadOnlyList<Turn> turns)
    {
        for (int size = Math.Max(1, turns.Count / 2); size >= 1; size /= 2)
        {
            int start = 0;
            while (start < turns.Count)
            {
                Turn[] candidate = [.. turns.Take(start), .. turns.Skip(start + size)];
                if (Fails(candidate))
                {
                    turns = candidate;
                }
                else
                {
                    start += size;
                }
            }
        }

        return turns;
    }

    private IReadOnlyList<Turn> LeaveOutArguments(IReadOnlyList<Turn> turns)
    {
        for (int i = 0; i < turns.Count; i++)
        {
            int at = turns[i].Command.Count - 1;
            while (at > 0)
            {
                // Pairs first: half of one is an error, which hides the rest.
                turns = Try(turns, i, Without(turns[i], at - 1, 2)) ?? Try(turns, i, Without(turns[i], at, 1)) ?? turns;
                at = Math.Min(at - 1, turns[i].Command.Count - 1);
            }
        }

        return turns;
    }

    private IReadOnlyList<Turn> SimplifyArguments(IReadOnlyList<Turn> turns)
    {
        for (int i = 0; i < turns.Count; i++)
        {
            for (int at = 1; at < turns[i].Command.Count; at++)
            {
                foreach (string simple in Simple.Where(simple => simple.Length < turns[i].Command[at].Length))
                {
                    string[] command = [.. turns[i].Command];
                    command[at] = simple;
                    if (Try(turns, i, command) is { } simpler)
                    {
                        turns = simpler;
                        break;
                    }
                }
            }
        }

        return turns;
    }

    private static string[]? Without(Turn turn, int at, int count) =>
        at < 1 ? null : [.. turn.Command.Take(at), .. turn.Command.Skip(at + count)];

    private IReadOnlyList<Turn>? Try(IReadOnlyList<Turn> turns, int index, string[]? command)
    {
        if (command is null)
        {
            return null;
        }

        Turn[] candidate = [.. turns];
        candidate[index] = turns[index] with { Command = command };
        return Fails(candidate) ? candidate : null;
    }

    private bool Fails(IReadOnlyList<Turn> candidate) => candidate.Count > 0 && _plays++ < playsMax && fails(candidate);
}
