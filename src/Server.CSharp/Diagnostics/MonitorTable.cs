using System.Globalization;
using RedisClone.Protocol;
using RedisClone.Protocol.Interop;
using RedisClone.Server.Sessions;

namespace RedisClone.Server.Diagnostics;

/// <summary>Who is shown every command (MONITOR). Needs the engine's gate.</summary>
/// <remarks>
/// A line is built once and put where messages wait; who does not read loses the connection at the limit for subscribers.
/// </remarks>
public sealed class MonitorTable
{
    private const int KeptBytesMax = 64 * 1024;
    private const CommandFlags NotShown = CommandFlags.SkipMonitor | CommandFlags.Admin;

    private readonly HashSet<Session> _sessions = [];
    private readonly RespWriter _line = new(1024) { DropsOverflow = true };

    public int Count => _sessions.Count;

    /// <summary>False if it is shown commands already.</summary>
    public bool Add(Session session)
    {
        session.IsMonitor = true;
        return _sessions.Add(session);
    }

    public void Remove(Session session)
    {
        if (session.IsMonitor)
        {
            session.IsMonitor = false;
            _sessions.Remove(session);
        }
    }

    /// <summary>Shows a command that was carried out.</summary>
    /// <param name="address">Where it came from, as it is shown.</param>
    /// <param name="now">The time.</param>
    /// <param name="database">The database that was selected.</param>
    /// <param name="command">Which command it is.</param>
    /// <param name="args">Its arguments.</param>
    public void Show(string address, DateTimeOffset now, int database, HostCommand command, Arguments args)
    {
        if ((command.Flags & NotShown) != 0)
        {
            return;
        }

        _line.Reset(KeptBytesMax);
        var microseconds = (now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        Text(string.Create(
            CultureInfo.InvariantCulture,
            $"+{microseconds / 1_000_000}.{microseconds % 1_000_000:000000} [{database} {address}]"));
        for (var i = 0; i < args.Count; i++)
        {
            _line.Raw(" \""u8);
            Quoted(Redaction.Shown(command, args, i));
            _line.Raw("\""u8);
        }

        _line.Raw("\r\n"u8);
        if (!_line.IsOverflown)
        {
            foreach (var session in _sessions)
            {
                if (session.ReplyMode == ReplyMode.On)
                {
                    session.Push(_line.Written, hasWritten: false);
                }
            }
        }
    }

    private void Text(string text) => _line.Raw(Bytes.ofString(text));

    private void Quoted(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var plain = bytes.IndexOfAnyExceptInRange((byte)' ', (byte)'~');
            var special = bytes.IndexOfAny((byte)'"', (byte)'\\');
            var stop = plain < 0 ? special : special < 0 ? plain : Math.Min(plain, special);
            if (stop < 0)
            {
                _line.Raw(bytes);
                return;
            }

            _line.Raw(bytes[..stop]);
            Escaped(bytes[stop]);
            bytes = bytes[(stop + 1)..];
        }
    }

    private void Escaped(byte value)
    {
        switch (value)
        {
            case (byte)'"':
                _line.Raw("\\\""u8);
                break;
            case (byte)'\\':
                _line.Raw("\\\\"u8);
                break;
            case (byte)'\n':
                _line.Raw("\\n"u8);
                break;
            case (byte)'\r':
                _line.Raw("\\r"u8);
                break;
            case (byte)'\t':
                _line.Raw("\\t"u8);
                break;
            case 7:
                _line.Raw("\\a"u8);
                break;
            case 8:
                _line.Raw("\\b"u8);
                break;
            default:
                ReadOnlySpan<byte> digits = "0123456789abcdef"u8;
                _line.Raw([(byte)'\\', (byte)'x', digits[value >> 4], digits[value & 15]]);
                break;
        }
    }
}
