using System.Globalization;
using RedisClone.Server.Tests.Scripts;

namespace RedisClone.Server.Tests.Differential;

/// <summary>
/// What must hold for the reply of RANDOMKEY, HRANDFIELD and SRANDMEMBER, however it was chosen: every element is there,
/// its value is right, and a positive count gives no element twice. How many there are is compared with the other server.
/// </summary>
public static class RandomChoice
{
    /// <summary>Asks the server that gave the reply about its elements.</summary>
    /// <returns>What is wrong with it; null when nothing is.</returns>
    public static string? Fault(IScriptConnection connection, IReadOnlyList<string> command, ReplyValue reply)
    {
        if (Normalisation.Name(command, 0) == "RANDOMKEY")
        {
            return reply.Kind == ReplyKind.BulkString && connection.Call("EXISTS", reply.Text).Text != "1"
                ? "a key that is not there"
                : null;
        }

        bool isSet = Normalisation.Name(command, 0) == "SRANDMEMBER";
        if (reply.Kind == ReplyKind.BulkString)
        {
            return isSet
                ? FaultOfMember(connection, command[1], reply)
                : FaultOfField(connection, command[1], reply, value: null);
        }

        bool withValues = command.Count == 4;
        List<(ReplyValue Field, ReplyValue? Value)> elements = Elements(reply, withValues);
        bool mayRepeat = command.Count > 2 && command[2].StartsWith('-');
        if (!mayRepeat && elements.Select(element => element.Field.Text).Distinct().Count() != elements.Count)
        {
            return "an element twice";
        }

        return elements
            .Select(element => isSet
                ? FaultOfMember(connection, command[1], element.Field)
                : FaultOfField(connection, command[1], element.Field, element.Value))
            .FirstOrDefault(fault => fault is not null);
    }

    /// <summary>RESP2 gives field and value in turn, RESP3 gives pairs.</summary>
    private static List<(ReplyValue Field, ReplyValue? Value)> Elements(ReplyValue reply, bool withValues)
    {
        if (!withValues)
        {
            return [.. reply.Items.Select(item => (item, (ReplyValue?)null))];
        }

        bool isFlat = reply.Items.All(item => !item.IsAggregate);
        IEnumerable<IReadOnlyList<ReplyValue>> pairs =
            isFlat ? reply.Items.Chunk(2) : reply.Items.Select(item => item.Items);
        return [.. pairs.Select(pair => (pair[0], (ReplyValue?)pair[1]))];
    }

    private static string? FaultOfMember(IScriptConnection connection, string key, ReplyValue member) =>
        connection.Call("SISMEMBER", key, member.Text).Text == "1"
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"a member that is not there: {member}");

    private static string? FaultOfField(IScriptConnection connection, string key, ReplyValue field, ReplyValue? value)
    {
        ReplyValue actual = connection.Call("HGET", key, field.Text);
        if (actual.Kind != ReplyKind.BulkString)
        {
            return string.Create(CultureInfo.InvariantCulture, $"a field that is not there: {field}");
        }

        return value is not null && !value.Equals(actual) ? $"another value than {actual} for {field}" : null;
    }
}
