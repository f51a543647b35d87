using System.Text;
using RedisClone.Server.Persistence;
using RedisClone.Server.Tests.Support;
using Xunit;

namespace RedisClone.Server.Tests.Persistence;

/// <summary>
/// Does to a log what the engine does, turn by turn, and remembers the state after each: the model that recovery is
/// held against. Every turn leaves its number in a key, so a state tells how many turns it holds.
/// </summary>
internal sealed class LogDriver
{
    public const string Path = "/data/storage.store";
    private const string TurnKey = "turn";

    private readonly List<string> _digests = [];
    private int _selected = -1;

    public LogDriver(SimulatedDisk disk, FsyncPolicy policy = FsyncPolicy.Always, FakeTime? time = null)
    {
        Disk = disk;
        Time = time ?? new FakeTime();
        Log = AppendLog.Open(
            disk, Path, Model, new AppendLogOptions { Policy = policy, IsInBackground = false }, Time, out var report);
        Report = report;
        _digests.Add(Model.Digest);
    }

    public SimulatedDisk Disk { get; }

    public FakeTime Time { get; }

    public AppendLog Log { get; }

    public RecoveryReport Report { get; }

    public TinyKeyspace Model { get; } = new();

    /// <summary>How many turns were written.</summary>
    public int Turns => _digests.Count - 1;

    /// <summary>How many turns have been acknowledged: their replies may have left.</summary>
    public int Acknowledged => (int)(Log.DurablePosition - Report.End.LastNumber);

    public string DigestAfter(int turns) => _digests[turns];

    /// <summary>One turn: some commands, sealed as one group, and written. No fsync.</summary>
    public long Turn(params string[][] commands)
    {
        Evaluate(commands);
        var position = Log.Seal(hasWritten: true);
        _digests.Add(Model.Digest);
        Log.Flush();
        return position;
    }

    /// <summary>A turn and the fsync that its reply waits for.</summary>
    public void DurableTurn(params string[][] commands)
    {
        Turn(commands);
        Log.Synchronize();
    }

    /// <summary>Lets the timer go off, and does what the thread of the log would do then.</summary>
    public void Second()
    {
        Time.Advance(AppendLog.Period);
        Log.Step();
    }

    public bool StartRewrite()
    {
        _selected = -1;
        return Log.Rewrites.TryStart(Model.Freeze());
    }

    /// <summary>
    /// What the next start finds on a disk; fails unless it is the state after some number of turns, at least
    /// <paramref name="atLeast"/>.
    /// </summary>
    /// <returns>The number of turns.</returns>
    public int AssertRecovers(SimulatedDisk disk, int atLeast)
    {
        var state = new TinyKeyspace();
        using (AppendLog.Open(
            disk, Path, state, new AppendLogOptions { IsInBackground = false }, new FakeTime(), out _))
        {
        }

        var turns = int.Parse(state.Get(TurnKey) ?? "0");
        Assert.True(turns <= Turns, $"{turns} turns were recovered of {Turns}");
        Assert.Equal(DigestAfter(turns), state.Digest);
        Assert.True(turns >= atLeast, $"{turns} turns were recovered, {atLeast} were promised");

        // And what recovery made of the log is a log.
        var again = new TinyKeyspace();
        var report = LogRecovery.Run(disk, Path, again, new FakeTime());
        Assert.Equal(state.Digest, again.Digest);
        Assert.Null(report.TornPath);
        return turns;
    }

    private void Evaluate(string[][] commands)
    {
        if (_selected < 0)
        {
            Apply("SELECT", "0");
            _selected = 0;
        }

        foreach (var command in commands)
        {
            Apply(command);
        }

        Apply("SET", TurnKey, (Turns + 1).ToString());
    }

    private void Apply(params string[] command)
    {
        Assert.Null(Model.Apply(command));
        TinyKeyspace.Write(Log.Group, command);
    }
}
