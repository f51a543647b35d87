using RedisClone.Server.Tests.Scripts;

namespace RedisClone.Server.Tests.Differential;

/// <summary>Follows SCAN and its kin to their end: cursors, and where the pieces are cut, are a server's own.</summary>
public static class Iteration
{
    private const int CallsMax = 10_000;
    private const string End = "0";
    private const string Start = "0";

    /// <summary>Whether a reply is a cursor and a list.</summary>
    public static bool IsReply(ReplyValue reply) =>
        reply is { Kind: ReplyKind.Array, Items: [{ Kind: ReplyKind.BulkString }, { Kind: ReplyKind.Array }] };

    /// <summary>Whether a command starts at the start; what another cursor means is a server's own.</summary>
    public static bool IsFromStart(IReadOnlyList<string> command) =>
        CursorAt(command) is var at && at < command.Count && command[at] == Start;

    /// <summary>Whether an iteration was over after one call.</summary>
    public static bool IsWhole(ReplyValue reply) => reply.Items[0].Text == End;

    /// <summary>How many neighbours in the list make one element.</summary>
    public static int PerItem(IReadOnlyList<string> command) => Normalisation.Name(command, 0) == "HSCAN" ? 2 : 1;

    /// <summary>Goes on from a first reply; gives one reply with everything, each element once.</summary>
    public static ReplyValue Follow(IScriptConnection connection, IReadOnlyList<string> command, ReplyValue first)
    {
        if (!IsReply(first))
        {
            return first;
        }

        string[] next = [.. command];
        ReplyValue reply = first;
        var elements = new Dictionary<string, ReplyValue[]>();
        for (int calls = 1; calls <= CallsMax; calls++)
        {
            foreach (ReplyValue[] element in reply.Items[1].Items.Chunk(PerItem(command)))
            {
                elements[string.Join('\n', element.Select(ReplyText.Render))] = element;
            }

            if (IsWhole(reply))
            {
                ReplyValue all = ReplyValue.Aggregate(ReplyKind.Array, [.. elements.Values.SelectMany(e => e)]);
                return ReplyValue.Aggregate(ReplyKind.Array, [ReplyValue.Bulk(End), all]);
            }

            next[CursorAt(command)] = reply.Items[0].Text;
            reply = connection.Call(next);
            if (!IsReply(reply))
            {
                return reply;
            }
        }

        throw new InvalidDataException($"{Quoting.Join(command)} does not end");
    }

    private static int CursorAt(IReadOnlyList<string> command) => Normalisation.Name(command, 0) == "SCAN" ? 1 : 2;
}
