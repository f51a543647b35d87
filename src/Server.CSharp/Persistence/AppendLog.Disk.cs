using RedisClone.Server.Diagnostics;

namespace RedisClone.Server.Persistence;

/// <summary>How groups get from memory to the device, and what happens when that fails.</summary>
public sealed partial class AppendLog
{
    /// <summary>Told how long each write took and, where replies wait for it, each fsync: with the names of LATENCY.</summary>
    public Action<string, TimeSpan>? Timed { get; set; }

    private void TakeSealed()
    {
        var timeMs = 0L;
        while (_sealed.TryTake() is { } group)
        {
            if (group.IsMark)
            {
                _markOffset = _tail.EndOffset;
                _pool.Return(group);
                continue;
            }

            timeMs = timeMs == 0 ? _time.GetUtcNow().ToUnixTimeMilliseconds() : timeMs;

            // Under `no` nobody knows what is on the device: 0 claims nothing.
            var unsynced = _policy == FsyncPolicy.No ? 0 : group.LastNumber - _syncedNumber;
            _tail.Append(group, timeMs, unsynced);
        }
    }

    private void WriteTail(bool mayDelay)
    {
        if (_failure is not null || _tail.IsWritten)
        {
            return;
        }

        if (mayDelay && IsSyncLate())
        {
            _delayedWrites++;
        }
        else
        {
            try
            {
                var started = _time.GetTimestamp();
                _tail.WriteTo(_file);
                Timed?.Invoke(LatencyMonitor.LogWrite, _time.GetElapsedTime(started));
            }
            catch (Exception error) when (IsOfDisk(error))
            {
                Fail(error);
                CutPartialWrite();
                return;
            }

            if (_policy == FsyncPolicy.No)
            {
                _tail.Release(_tail.WrittenOffset);
            }
        }

        Advance();
        if (_policy == FsyncPolicy.Always)
        {
            _thread?.Signal();
        }
    }

    private bool IsSyncLate()
    {
        var started = Volatile.Read(ref _syncStarted);
        return _policy == FsyncPolicy.EverySecond
            && started != 0
            && _time.GetElapsedTime(started) > Period
            && _tail.RetainedBytes < RetainedBytesMax;
    }

    private void SynchronizeOnce()
    {
        lock (_syncGate)
        {
            ILogFile file;
            long offset;
            long number;
            lock (_fileGate)
            {
                WriteTail(mayDelay: false);
                offset = _tail.WrittenOffset;
                number = _tail.WrittenNumber;
                if (_failure is not null || number == _syncedNumber)
                {
                    return;
                }

                file = _file;
            }

            Settle();
            if (!TrySync(file))
            {
                return;
            }

            lock (_fileGate)
            {
                _syncedNumber = number;
                _tail.Release(offset);
                WriteTail(mayDelay: false);
                Advance();
            }
        }
    }

    private bool TrySync(ILogFile file)
    {
        var started = Math.Max(1, _time.GetTimestamp());
        Volatile.Write(ref _syncStarted, started);
        try
        {
            file.Sync();
            var duration = _time.GetElapsedTime(started);
            _lastFsyncTicks = duration.Ticks;
            if (_policy == FsyncPolicy.Always)
            {
                Timed?.Invoke(LatencyMonitor.LogFsyncAlways, duration);
            }

            _fsyncs++;
            return true;
        }
        catch (Exception error) when (IsOfDisk(error))
        {
            lock (_fileGate)
            {
                _syncFailed = true;
                Fail(error);
            }

            return false;
        }
        finally
        {
            Volatile.Write(ref _syncStarted, 0);
        }
    }

    /// <summary>Tries to write and sync everything that waits; ends the failure if that succeeds.</summary>
    private void Recover()
    {
        RecoverOnce();
        Settle();
    }

    private void RecoverOnce()
    {
        lock (_syncGate)
        {
            lock (_fileGate)
            {
                if (_failure is null)
                {
                    return;
                }

                TakeSealed();
                if (_syncFailed)
                {
                    _tail.MarkUnwritten();
                }

                try
                {
                    _tail.WriteTo(_file);
                    if (_isDirectoryUnsynced)
                    {
                        _disk.SyncDirectory(_path);
                        _isDirectoryUnsynced = false;
                    }
                }
                catch (Exception error) when (IsOfDisk(error))
                {
                    Fail(error);
                    CutPartialWrite();
                    return;
                }

                if (!TrySync(_file))
                {
                    return;
                }

                _syncFailed = false;
                _failure = null;
                _syncedNumber = _tail.EndNumber;
                _tail.Release(_tail.EndOffset);
                Advance();
            }
        }
    }

    private void Fail(Exception error)
    {
        _failure = error.Message;
        _failures++;
        Volatile.Write(ref _isRetryDue, 0);
    }

    /// <summary>
    /// Removes what a failed write left behind the last whole group. Nothing depends on it: recovery would cut it, and
    /// the next write goes over it. Not after a failed fsync, when the place is not the end of the file.
    /// </summary>
    private void CutPartialWrite()
    {
        if (_syncFailed)
        {
            return;
        }

        try
        {
            _file.Truncate(_tail.WrittenOffset);
        }
        catch (Exception error) when (IsOfDisk(error))
        {
            // The failure that is being reported is the earlier one.
        }
    }

    private static bool IsOfDisk(Exception error) => error is IOException or UnauthorizedAccessException;
}
