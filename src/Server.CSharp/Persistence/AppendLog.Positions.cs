namespace RedisClone.Server.Persistence;

/// <summary>Which positions are durable, and who is told.</summary>
public sealed partial class AppendLog
{
    private void Advance()
    {
        var reached = _policy == FsyncPolicy.Always ? _syncedNumber
            : _failure is null ? _tail.EndNumber
            : 0;
        var before = _durable;
        if (reached > before)
        {
            Volatile.Write(ref _durable, reached);
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref _awaited) > before)
            {
                Volatile.Write(ref _isWakeDue, 1);
            }
        }
    }

    /// <summary>
    /// Says that somebody may wait for a position. Either whoever moves <see cref="DurablePosition"/> past it sees this
    /// and calls, or the caller, who looks at <see cref="DurablePosition"/> next, sees that it has moved.
    /// </summary>
    private void Await(long position)
    {
        if (DurablePosition >= position)
        {
            return;
        }

        var awaited = Volatile.Read(ref _awaited);
        while (awaited < position)
        {
            var found = Interlocked.CompareExchange(ref _awaited, position, awaited);
            if (found == awaited)
            {
                break;
            }

            awaited = found;
        }

        Interlocked.MemoryBarrier();
    }

    /// <summary>
    /// To be called by everybody who has held the lock of the file, after releasing it: writes what was sealed
    /// meanwhile by loops that did not wait for the lock, and calls those who wait for positions.
    /// </summary>
    private void Settle()
    {
        while (!_sealed.IsEmpty)
        {
            if (_sealed.Bytes > SealedBytesMax)
            {
                Monitor.Enter(_fileGate);
            }
            else if (!Monitor.TryEnter(_fileGate))
            {
                // Whoever holds the lock comes here after releasing it.
                break;
            }

            try
            {
                TakeSealed();
                WriteTail(mayDelay: true);
            }
            finally
            {
                Monitor.Exit(_fileGate);
            }
        }

        if (Interlocked.Exchange(ref _isWakeDue, 0) == 1)
        {
            foreach (var wake in _wakes)
            {
                wake();
            }
        }
    }
}
