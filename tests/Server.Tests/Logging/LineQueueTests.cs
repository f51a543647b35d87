using System.Collections.Concurrent;
using RedisClone.Server.Logging;
using Xunit;

namespace RedisClone.Server.Tests.Logging;

public class LineQueueTests
{
    [Fact]
    public void LinesAreWrittenInTheOrderTheyCameAndAllOfThemBeforeTheEnd()
    {
        var written = new ConcurrentQueue<string>();
        string[] lines = Enumerable.Range(0, 1000).Select(i => $"{i}").ToArray();
        using (var queue = new LineQueue(batch => batch.ToList().ForEach(written.Enqueue)))
        {
            Array.ForEach(lines, queue.Add);
        }

        Assert.Equal(lines, written);
    }

    [Fact]
    public void AWriterThatHangsHoldsUpNobodyAndLosesWhatIsBeyondTheBound()
    {
        const int extra = 5;
        var written = new ConcurrentQueue<string>();
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        using (var queue = new LineQueue(batch =>
        {
            entered.Set();
            release.Wait();
            batch.ToList().ForEach(written.Enqueue);
        }))
        {
            queue.Add("first");
            Assert.True(entered.Wait(TimeSpan.FromSeconds(20)));
            for (int i = 0; i < LineQueue.LinesMax + extra; i++)
            {
                queue.Add("more");
            }

            release.Set();
        }

        Assert.Equal(1 + LineQueue.LinesMax + 1, written.Count);
        Assert.StartsWith($"({extra} lines were lost", written.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public void ABatchThatCannotBeWrittenIsCountedAndTheNextIsTriedAgain()
    {
        var written = new ConcurrentQueue<string>();
        using var failed = new ManualResetEventSlim();
        bool fails = true;
        using (var queue = new LineQueue(batch =>
        {
            if (fails)
            {
                fails = false;
                failed.Set();
                throw new IOException("disk full");
            }

            batch.ToList().ForEach(written.Enqueue);
        }))
        {
            queue.Add("lost");
            Assert.True(failed.Wait(TimeSpan.FromSeconds(20)));
            queue.Add("kept");
        }

        Assert.Equal("kept", written.First());
        Assert.StartsWith("(1 lines were lost", written.Last(), StringComparison.Ordinal);
    }
}
