using RedisClone.Protocol;

namespace RedisClone.Server.Persistence;

/// <summary>What a log is replayed into.</summary>
public interface ILogReplayer
{
    /// <summary>
    /// Carries out one command of the log. MULTI and EXEC never come here: what comes is already proven whole.
    /// </summary>
    /// <param name="command">Views into a buffer that is reused afterwards.</param>
    /// <returns>Null, or why the command cannot be carried out; replay then stops.</returns>
    string? Apply(Arguments command);
}

/// <summary>A command of a log cannot be carried out, although its bytes are as they were written.</summary>
public sealed class LogReplayException(string message) : Exception(message);

/// <summary>
/// The second pass: makes commands of bytes that the first has found whole, and has them carried out.
/// </summary>
internal sealed class LogReplay(ILogFile file, ILogReplayer replayer)
{
    private const int BufferBytes = 1 << 20;

    // What a log may hold is what a writer could put there, not what a client may send now.
    private readonly RespReader _reader = new(new RespLimits
    {
        BulkBytesMax = Array.MaxLength,
        CommandBytesMax = Array.MaxLength,
    });

    /// <summary>How many commands were carried out.</summary>
    public long Commands { get; private set; }

    /// <summary>Carries out what is in memory: whole commands and lines, as scanned.</summary>
    /// <param name="bytes">The commands.</param>
    /// <param name="offset">Where in the file they start, for messages.</param>
    public void Apply(ArraySegment<byte> bytes, long offset)
    {
        if (ApplyWhole(bytes.Array!, bytes.Offset, bytes.Offset + bytes.Count, offset - bytes.Offset)
            != bytes.Offset + bytes.Count)
        {
            throw new InvalidOperationException("the two passes over the log disagree");
        }
    }

    /// <summary>
    /// Reads and carries out the commands from <paramref name="start"/> up to <paramref name="end"/>.
    /// </summary>
    public void Apply(long start, long end)
    {
        var buffer = GC.AllocateUninitializedArray<byte>((int)Math.Min(BufferBytes, end - start));
        var kept = 0;
        while (start < end)
        {
            var wanted = (int)Math.Min(buffer.Length - kept, end - start - kept);
            if (file.Read(start + kept, buffer.AsSpan(kept, wanted)) < wanted)
            {
                throw new IOException("the log became shorter while it was read");
            }

            var filled = kept + wanted;
            var applied = ApplyWhole(buffer, 0, filled, start);
            start += applied;
            kept = filled - applied;
            if (applied == 0 && start + kept < end)
            {
                // One command is larger than the buffer.
                var size = Math.Max(buffer.Length * 2L, _reader.NeededBytes);
                Array.Resize(ref buffer, (int)Math.Min(Math.Min(size, Array.MaxLength), end - start));
            }
            else if (applied == 0)
            {
                throw new InvalidOperationException("the two passes over the log disagree");
            }
            else
            {
                Buffer.BlockCopy(buffer, applied, buffer, 0, kept);
            }
        }
    }

    /// <summary>Carries out the commands that are whole; returns the index behind the last.</summary>
    private int ApplyWhole(byte[] buffer, int start, int end, long offsetOfIndexZero)
    {
        while (start < end)
        {
            if (buffer[start] == '#')
            {
                var lineLength = buffer.AsSpan(start, end - start).IndexOf((byte)'\n') + 1;
                if (lineLength == 0)
                {
                    break;
                }

                start += lineLength;
                continue;
            }

            var status = _reader.Read(buffer, start, end);
            if (status == ReadStatus.Incomplete)
            {
                break;
            }

            if (status == ReadStatus.Error)
            {
                throw new LogReplayException(
                    $"the command at byte {offsetOfIndexZero + start} of the log cannot be read: {_reader.ErrorText}");
            }

            Apply(_reader.Arguments, offsetOfIndexZero + start);
            start += _reader.Consumed;
        }

        return start;
    }

    private void Apply(Arguments command, long offset)
    {
        if (command.Count == 1 && (Bytes.isWord("MULTI", command[0]) || Bytes.isWord("EXEC", command[0])))
        {
            return;
        }

        if (replayer.Apply(command) is { } reason)
        {
            var name = Bytes.toString(command[0][..Math.Min(command[0].Length, 64)]);
            throw new LogReplayException(
                $"the command '{name}' at byte {offset} of the log cannot be carried out: {reason}");
        }

        Commands++;
    }
}
