namespace RedisClone.Server.Persistence;

/// <summary>What a rewrite needs from the live log. See <see cref="LogRewrite"/>.</summary>
public sealed partial class AppendLog
{
    /// <summary>
    /// Ends the history that a snapshot taken now holds. Called under the engine's lock.
    /// </summary>
    /// <returns>The number of the last group that the snapshot holds.</returns>
    internal long Mark()
    {
        Seal(hasWritten: false);
        var mark = _pool.Take();
        mark.IsMark = true;
        _sealed.Add(mark);
        return _sealedNumber;
    }

    /// <summary>
    /// Where in the file the groups begin that came after the mark, and how often the log has failed so far.
    /// </summary>
    internal (long Offset, long Failures) TakeMark()
    {
        (long Offset, long Failures) mark;
        lock (_fileGate)
        {
            TakeSealed();
            WriteTail(mayDelay: true);
            mark = (_markOffset, _failures);
        }

        Settle();
        return mark;
    }

    /// <summary>Reads groups that have been written: whole ones, since <paramref name="offset"/>.</summary>
    internal int ReadWritten(long offset, Span<byte> target)
    {
        long end;
        ILogFile file;
        lock (_fileGate)
        {
            end = _tail.WrittenOffset;
            file = _file;
        }

        Settle();

        var wanted = (int)Math.Min(target.Length, end - offset);
        return wanted <= 0 ? 0 : file.Read(offset, target[..wanted]);
    }

    /// <summary>How many bytes of groups have been written since <paramref name="offset"/>.</summary>
    internal long WrittenSince(long offset)
    {
        lock (_fileGate)
        {
            return _tail.WrittenOffset - offset;
        }
    }

    /// <summary>
    /// Makes another file the log: copies to it what has come since <paramref name="copied"/>, syncs it, and gives it
    /// the name of the log. Nothing is written or synced meanwhile; the engine goes on.
    /// </summary>
    /// <param name="next">The other file; taken over when this returns.</param>
    /// <param name="nextPath">Its name so far.</param>
    /// <param name="copied">Up to where the groups of this log are in the other file.</param>
    /// <param name="nextEnd">Where the other file ends.</param>
    /// <param name="failures">How often the log had failed when the rewrite began.</param>
    /// <returns>The length of the new log in bytes.</returns>
    /// <exception cref="IOException">The disk, or the log has failed meanwhile; the log is as it was.</exception>
    internal long Replace(ILogFile next, string nextPath, long copied, long nextEnd, long failures)
    {
        var old = _file;
        long length;
        try
        {
            length = ReplaceOnce(next, nextPath, copied, nextEnd, failures);
        }
        finally
        {
            Settle();
        }

        // After settling: replies that waited must not wait for this too.
        old.Discard();
        return length;
    }

    private long ReplaceOnce(ILogFile next, string nextPath, long copied, long nextEnd, long failures)
    {
        lock (_syncGate)
        {
            lock (_fileGate)
            {
                TakeSealed();
                WriteTail(mayDelay: false);
                if (_failure is not null || _failures != failures)
                {
                    throw new IOException($"the log failed during the rewrite{(_failure is null ? "" : ": " + _failure)}");
                }

                nextEnd = CopyWritten(next, copied, nextEnd);
                next.Sync();
                _disk.Rename(nextPath, _path);

                // From here on the other file is the log, whatever happens.
                _file = next;
                _tail.MoveTo(nextEnd);
                try
                {
                    _disk.SyncDirectory(_path);
                    _syncedNumber = _tail.EndNumber;
                    Advance();
                }
                catch (Exception error) when (IsOfDisk(error))
                {
                    // A crash may bring the old file back, so nothing new may be acknowledged before this succeeds.
                    _isDirectoryUnsynced = true;
                    Fail(error);
                }
            }
        }

        return nextEnd;
    }

    private long CopyWritten(ILogFile next, long copied, long nextEnd)
    {
        var buffer = new byte[Math.Min(LogTail.BufferBytes, _tail.WrittenOffset - copied)];
        while (copied < _tail.WrittenOffset)
        {
            var wanted = (int)Math.Min(buffer.Length, _tail.WrittenOffset - copied);
            var read = _file.Read(copied, buffer.AsSpan(0, wanted));
            if (read == 0)
            {
                throw new IOException("the log became shorter while it was rewritten");
            }

            next.Write(nextEnd, buffer.AsSpan(0, read));
            copied += read;
            nextEnd += read;
        }

        return nextEnd;
    }
}
