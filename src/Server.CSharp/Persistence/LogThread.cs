namespace RedisClone.Server.Persistence;

/// <summary>The thread that calls fsync for a log, whenever it is signalled.</summary>
internal sealed class LogThread
{
    private readonly AppendLog _log;
    private readonly AutoResetEvent _signal = new(false);
    private readonly Thread _thread;
    private volatile bool _isStopping;

    public LogThread(AppendLog log, string name)
    {
        _log = log;
        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    public void Signal()
    {
        if (!_isStopping)
        {
            _signal.Set();
        }
    }

    /// <summary>Waits until the round under way is over, and ends the thread.</summary>
    public void Stop()
    {
        _isStopping = true;
        _signal.Set();
        _thread.Join();
    }

    private void Run()
    {
        while (true)
        {
            _signal.WaitOne();
            if (_isStopping)
            {
                return;
            }

            _log.Step();
        }
    }
}
