using RedisClone.Protocol;
using RedisClone.Protocol.Interop;
using RedisClone.Server.Sessions;

namespace RedisClone.Server.Engine;

// Commands that wait for keys (BLPOP, XREAD BLOCK ...)
//
// Such a command is evaluated like any other. When it cannot be carried out yet it says what it waits for, and the
// session is parked here, with a copy of its arguments, at the end of the queue of each key. When a command has changed
// one of these keys, those who wait for it are evaluated again, in the order in which they came, before anybody else's
// next command: so what a client gets is taken in one step with the write that brought it, and the log has what was done.
// Whoever still cannot be carried out keeps its place.
//
// A transaction counts as one command: those who wait are served after it, key by key in the order in which the keys
// were written to.

/// <summary>The sessions that wait for keys. Needs the engine's gate.</summary>
public sealed class WaitTable : IDisposable
{
    /// <summary>Timers take no more than some weeks.</summary>
    private const long TimerMsMax = 24 * 60 * 60 * 1000;

    /// <summary>So few deadlines are not worth sorting out.</summary>
    private const int DeadlinesMin = 64;

    private readonly Engine _engine;
    private readonly ITimer _timer;
    private readonly Dictionary<WatchedKey, LinkedList<Waiter>> _queues = [];
    private readonly List<WatchedKey> _ready = [];
    private readonly HashSet<WatchedKey> _isReady = [];
    private readonly PriorityQueue<Waiter, long> _deadlines = new();
    private long _timerAt = long.MaxValue;

    public WaitTable(Engine engine, TimeProvider clock)
    {
        _engine = engine;
        _timer = clock.CreateTimer(
            static self => ((WaitTable)self!).TimerRang(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether somebody who waits may no longer do so: null, or the error that ends the wait.</summary>
    public Func<Waiter, string?>? Refuse { get; set; }

    /// <summary>How many sessions wait.</summary>
    public int Count { get; private set; }

    /// <summary>How many keys are waited for.</summary>
    public int Keys => _queues.Count;

    /// <summary>Parks a session whose command could not be carried out yet.</summary>
    public void Park(Session session, HostCommand command, Arguments args, Wait wait)
    {
        var waiter = new Waiter(session, command, wait.Arguments ?? args.Keep(), wait);
        foreach (var key in wait.Keys)
        {
            var watched = new WatchedKey(wait.Database, key);
            if (!_queues.TryGetValue(watched, out var queue))
            {
                _queues.Add(watched, queue = []);
            }

            // A key may be named twice.
            if (queue.Last?.Value != waiter)
            {
                queue.AddLast(waiter);
            }
        }

        session.Waiting = waiter;
        Count++;
        _engine.ObserveIfNeeded();
        if (wait.Deadline != long.MaxValue)
        {
            DropEnded();
            _deadlines.Enqueue(waiter, wait.Deadline);
            SetTimer();
        }
    }

    /// <summary>Forgets a session that has gone.</summary>
    public void Remove(Session session)
    {
        if (session.Waiting is { } waiter)
        {
            End(waiter);
        }
    }

    /// <summary>Ends a wait as if the time were up, or with an error.</summary>
    public void Unblock(Session session, bool withError)
    {
        if (session.Waiting is not { } waiter)
        {
            return;
        }

        End(waiter);
        var reply = session.BeginAnswer(out var before);
        if (withError)
        {
            reply.Error(Errors.unblocked);
        }
        else
        {
            reply.NullArray();
        }

        session.EndAnswer(before, hasWritten: false);
    }

    /// <summary>Takes note that a key, or a whole database, changed.</summary>
    public void Touch(KeyEvent change)
    {
        if (Count == 0)
        {
            return;
        }

        if (change.Key is not null)
        {
            var key = new WatchedKey(change.Database, change.Key);
            if (_queues.ContainsKey(key))
            {
                MarkReady(key);
            }

            return;
        }

        foreach (var key in _queues.Keys)
        {
            if (key.Database == change.Database)
            {
                MarkReady(key);
            }
        }
    }

    /// <summary>
    /// Serves those who wait for keys that have changed, and those who wait for what that changes in turn. Not within a
    /// batch.
    /// </summary>
    public void Serve()
    {
        try
        {
            for (var i = 0; i < _ready.Count; i++)
            {
                _isReady.Remove(_ready[i]);
                ServeAll(_ready[i]);
            }
        }
        finally
        {
            _ready.Clear();
            _isReady.Clear();
        }
    }

    public void Dispose() => _timer.Dispose();

    private void MarkReady(WatchedKey key)
    {
        if (_isReady.Add(key))
        {
            _ready.Add(key);
        }
    }

    private void ServeAll(WatchedKey key)
    {
        HostCommand? futile = null;
        var node = _queues.GetValueOrDefault(key)?.First;
        while (node is not null)
        {
            var next = node.Next;
            if (node.Value.Command != futile && !TryServe(node.Value, key.Key) && !_engine.Exists(key))
            {
                // Once the key is used up, others with the same command need not be tried.
                futile = node.Value.Command;
            }

            node = next;
        }
    }

    private bool TryServe(Waiter waiter, byte[] key)
    {
        if (Refuse?.Invoke(waiter) is { } refusal)
        {
            End(waiter, refusal);
            return true;
        }

        var session = waiter.Session;
        var call = _engine.Call;
        var logged = _engine.Journal.Writer.Length;
        call.NoTouch = session.NoTouch;
        call.MayWait = true;
        call.ReadyKey = key;
        var running = _engine.Running;
        _engine.Running = session;
        try
        {
            var reply = session.BeginAnswer(out var before);
            _engine.Run(waiter.Command, waiter.Arguments, _engine.Keyspace.Databases[waiter.Wait.Database], reply);
            var isServed = call.Waiting is null;
            if (isServed)
            {
                End(waiter);
            }

            if (session.Tracking is not null)
            {
                _engine.Tracking.Remember(session, waiter.Command, waiter.Arguments);
            }

            session.EndAnswer(before, _engine.Journal.Writer.Length > logged);
            return isServed;
        }
        finally
        {
            call.Waiting = null;
            call.ReadyKey = null;
            _engine.Running = running;
        }
    }

    private void End(Waiter waiter, string error)
    {
        End(waiter);
        var reply = waiter.Session.BeginAnswer(out var before);
        reply.Error(error);
        waiter.Session.EndAnswer(before, hasWritten: false);
    }

    private void End(Waiter waiter)
    {
        foreach (var key in waiter.Wait.Keys)
        {
            var watched = new WatchedKey(waiter.Wait.Database, key);
            if (_queues.TryGetValue(watched, out var queue) && queue.Remove(waiter) && queue.Count == 0)
            {
                _queues.Remove(watched);
            }
        }

        waiter.Session.Waiting = null;
        Count--;
        _engine.ObserveIfNeeded();
    }

    private void TimerRang()
    {
        lock (_engine.Gate)
        {
            _engine.Begin();
            _timerAt = long.MaxValue;
            while (_deadlines.TryPeek(out var waiter, out var deadline) && deadline <= _engine.Call.Now)
            {
                _deadlines.Dequeue();
                if (waiter.Session.Waiting == waiter)
                {
                    Unblock(waiter.Session, withError: false);
                }
            }

            SetTimer();
        }
    }

    /// <summary>Forgets the deadlines of waits that have ended otherwise, once they are the greater part.</summary>
    private void DropEnded()
    {
        if (_deadlines.Count <= (2 * Count) + DeadlinesMin)
        {
            return;
        }

        var live = _deadlines.UnorderedItems.Where(item => item.Element.Session.Waiting == item.Element).ToArray();
        _deadlines.Clear();
        _deadlines.EnqueueRange(live);
    }

    private void SetTimer()
    {
        if (_deadlines.TryPeek(out _, out var deadline) && deadline < _timerAt)
        {
            _timerAt = deadline;
            _timer.Change(
                TimeSpan.FromMilliseconds(Math.Clamp(deadline - _engine.Call.Now, 0, TimerMsMax)), Timeout.InfiniteTimeSpan);
        }
    }
}

/// <summary>A session that waits, and the command that it waits with.</summary>
public sealed record Waiter(Session Session, HostCommand Command, Arguments Arguments, Wait Wait);
