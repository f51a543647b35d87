using System.Globalization;
using RedisClone.Protocol;
using RedisClone.Protocol.Interop;
using RedisClone.Server.Sessions;

namespace RedisClone.Server.Diagnostics;

/// <summary>A command that took long. Times are a Unix time in seconds, and microseconds.</summary>
public sealed record SlowCommand(
    long Id, long UnixSeconds, long Microseconds, byte[][] Arguments, string Address, string ClientName);

/// <summary>The last commands that took long, the newest first. Needs the engine's gate.</summary>
public sealed class SlowLog
{
    /// <summary>Arguments that are kept of a command; the last says how many more there were.</summary>
    public const int ArgumentsMax = 32;

    /// <summary>Bytes that are kept of an argument, before the note that says how many more there were.</summary>
    public const int ArgumentBytesMax = 128;

    private readonly LinkedList<SlowCommand> _commands = [];
    private long _countMax = 128;
    private long _nextId;

    /// <summary>How many commands are kept (slowlog-max-len).</summary>
    public long CountMax
    {
        get => _countMax;
        set
        {
            _countMax = value;
            Trim();
        }
    }

    public int Count => _commands.Count;

    /// <summary>The newest first.</summary>
    public IEnumerable<SlowCommand> Commands => _commands;

    public void Add(Session session, HostCommand command, Arguments args, DateTimeOffset now, long microseconds)
    {
        _commands.AddFirst(new SlowCommand(
            _nextId++, now.ToUnixTimeSeconds(), microseconds, Keep(command, args), ClientAddress.OfPeer(session), session.Name));
        Trim();
    }

    public void Clear() => _commands.Clear();

    private static byte[][] Keep(HostCommand command, Arguments args)
    {
        var kept = new byte[Math.Min(args.Count, ArgumentsMax)][];
        for (var i = 0; i < kept.Length; i++)
        {
            kept[i] = i == ArgumentsMax - 1 && args.Count > ArgumentsMax
                ? Note($"... ({args.Count - i} more arguments)")
                : Keep(Redaction.Shown(command, args, i));
        }

        return kept;
    }

    private static byte[] Keep(ReadOnlySpan<byte> argument) => argument.Length <= ArgumentBytesMax
        ? argument.ToArray()
        : [.. argument[..ArgumentBytesMax], .. Note($"... ({argument.Length - ArgumentBytesMax} more bytes)")];

    private static byte[] Note(FormattableString text) => Bytes.ofString(text.ToString(CultureInfo.InvariantCulture));

    private void Trim()
    {
        while (_commands.Count > _countMax)
        {
            _commands.RemoveLast();
        }
    }
}
