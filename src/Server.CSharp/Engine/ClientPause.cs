using RedisClone.Protocol;
using RedisClone.Protocol.Interop;
using RedisClone.Server.Sessions;

namespace RedisClone.Server.Engine;

/// <summary>
/// CLIENT PAUSE: for a time, commands of clients are held where they are, all of them or those that write. Meanwhile nothing
/// expires either, so that the data stand still; keys that are due look as if they were gone.
/// </summary>
/// <remarks>Needs the engine's gate; the timer takes it by itself.</remarks>
public sealed class ClientPause : IDisposable
{
    private readonly Engine _engine;
    private readonly ITimer _timer;
    private readonly HashSet<Session> _held = [];
    private bool _holdsAll;
    private long _until;

    public ClientPause(Engine engine, TimeProvider clock)
    {
        _engine = engine;
        _timer = clock.CreateTimer(_ => EndIfOver(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public bool IsOn { get; private set; }

    /// <summary>How many clients have a command that is held.</summary>
    public int Held => _held.Count;

    /// <summary>Begins a pause. One that goes on already gets no shorter, and holds no less.</summary>
    /// <param name="until">The millisecond at which it is over.</param>
    /// <param name="holdsAll">Whether every command is held, or those only that may write.</param>
    public void Begin(long until, bool holdsAll)
    {
        _until = IsOn ? Math.Max(_until, until) : until;
        _holdsAll = holdsAll || (IsOn && _holdsAll);
        IsOn = true;
        _engine.Call.KeepsDue = true;
        SetTimer();
    }

    /// <summary>Ends the pause, if there is one; what was held goes on.</summary>
    public void End()
    {
        IsOn = false;
        _engine.Call.KeepsDue = false;
        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        foreach (var session in _held)
        {
            session.IsHeld = false;
            session.Connection!.Wake();
        }

        _held.Clear();
    }

    /// <summary>Holds a client's command, if the pause concerns it: it is to be offered again later.</summary>
    /// <returns>Whether it is held.</returns>
    public bool TryHold(Session session, HostCommand command)
    {
        if (session.Connection is null || !(_holdsAll || MayWrite(session, command)))
        {
            return false;
        }

        session.IsHeld = true;
        _held.Add(session);
        return true;
    }

    public void Forget(Session session) => _held.Remove(session);

    public void Dispose() => _timer.Dispose();

    private static bool MayWrite(Session session, HostCommand command) =>
        command.Has(CommandFlags.Write)
        || command.Has(CommandFlags.MayReplicate)
        || (command.FullName == "exec" && session.Queue is { Writes: true });

    private void EndIfOver()
    {
        lock (_engine.Gate)
        {
            _engine.Begin();
            if (!IsOn)
            {
                return;
            }

            if (_engine.Call.Now >= _until)
            {
                End();
            }
            else
            {
                SetTimer();
            }
        }
    }

    private void SetTimer()
    {
        // Timers take no more than some weeks; what is longer is set again.
        var left = Math.Clamp(_until - _engine.Call.Now, 0, (long)TimeSpan.FromDays(1).TotalMilliseconds);
        _timer.Change(TimeSpan.FromMilliseconds(left), Timeout.InfiniteTimeSpan);
    }
}
