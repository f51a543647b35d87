using RedisClone.Server.Persistence;
using RedisClone.Server.Tests.Support;
using Xunit;

namespace RedisClone.Server.Tests.Persistence;

/// <summary>The log on a real disk, with its own threads.</summary>
public sealed class OsDiskTests
{
    private static readonly TimeSpan _bound = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(FsyncPolicy.Always)]
    [InlineData(FsyncPolicy.EverySecond)]
    [InlineData(FsyncPolicy.No)]
    public void Several_loops_write_one_log_and_all_of_it_comes_back(FsyncPolicy policy)
    {
        const int Loops = 3;
        const int Turns = 300;
        using var directory = new TemporaryDirectory();
        var path = directory.File("storage.store");
        var live = new TinyKeyspace();
        var engine = new Lock();
        using (var log = Open(path, new TinyKeyspace(), policy))
        {
            var threads = Enumerable.Range(0, Loops).Select(loop => new Thread(() =>
            {
                // Not disposed: the log may still call it when this loop has ended.
                var wake = new AutoResetEvent(false);
                log.OnDurable(() => wake.Set());
                for (var turn = 0; turn < Turns; turn++)
                {
                    long position;
                    lock (engine)
                    {
                        string[] command = ["SET", $"{loop}:{turn % 10}", $"{turn}"];
                        live.Apply(command);
                        TinyKeyspace.Write(log.Group, command);
                        if (turn == Turns / 2 && loop == 0)
                        {
                            Assert.True(log.Rewrites.TryStart(live.Freeze()));
                            TinyKeyspace.Write(log.Group, "SELECT", "0");
                        }

                        position = log.Seal(hasWritten: true);
                    }

                    log.Flush();
                    while (log.DurablePosition < position)
                    {
                        Assert.True(
                            wake.WaitOne(_bound),
                            $"position {position} never became durable: {log.DurablePosition}, {log.Status}");
                    }
                }
            })).ToList();
            threads.ForEach(thread => thread.Start());
            threads.ForEach(thread => thread.Join());
            Assert.True(SpinWait.SpinUntil(() => !log.Rewrites.IsInProgress, _bound));
            Assert.Null(log.Status.LastRewriteError);
            Assert.Equal(1, log.Status.Rewrites);
        }

        var state = new TinyKeyspace();
        using (Open(path, state, policy))
        {
            Assert.Equal(live.Digest, state.Digest);
        }

        Assert.Equal(["storage.store", "storage.store.lock"], Names(directory));
    }

    [Fact]
    public void Two_servers_cannot_share_a_log()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("storage.store");
        using (Open(path, new TinyKeyspace(), FsyncPolicy.Always))
        {
            var error = Assert.Throws<LogInUseException>(() => Open(path, new TinyKeyspace(), FsyncPolicy.Always));
            Assert.Contains(path, error.Message);
        }

        Open(path, new TinyKeyspace(), FsyncPolicy.Always).Dispose();
    }

    [Fact]
    public void The_thread_recovers_by_itself_when_the_disk_does()
    {
        var disk = new SimulatedDisk();
        var time = new FakeTime();
        using var log = AppendLog.Open(
            disk, LogDriver.Path, new TinyKeyspace(), new AppendLogOptions { Policy = FsyncPolicy.Always }, time, out _);
        disk.Fault = (call, _) => call == DiskCall.Sync ? new IOException("Input/output error") : null;
        TinyKeyspace.Write(log.Group, "SET", "a", "1");
        var position = log.Seal(hasWritten: true);
        log.Flush();
        Assert.True(SpinWait.SpinUntil(() => log.Failure is not null, _bound));
        Assert.Equal(0, log.DurablePosition);

        disk.Fault = null;
        time.Advance(AppendLog.Period);

        Assert.True(SpinWait.SpinUntil(() => log.DurablePosition == position, _bound));
        Assert.Null(log.Failure);
    }

    [Fact]
    public void A_log_in_a_directory_that_does_not_exist_is_an_error_that_names_it()
    {
        using var directory = new TemporaryDirectory();

        var error = Assert.Throws<DirectoryNotFoundException>(
            () => Open(directory.File("nowhere/storage.store"), new TinyKeyspace(), FsyncPolicy.No));

        Assert.Contains("nowhere", error.Message);
    }

    private static AppendLog Open(string path, TinyKeyspace state, FsyncPolicy policy) =>
        AppendLog.Open(new OsDisk(), path, state, new AppendLogOptions { Policy = policy }, TimeProvider.System, out _);

    private static IEnumerable<string?> Names(TemporaryDirectory directory) =>
        Directory.GetFiles(directory.Path).Select(Path.GetFileName).Order();
}
