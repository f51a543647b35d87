using RedisClone.Server.Network;
using Xunit;

namespace RedisClone.Server.Tests.Network;

public class WriterPoolTests
{
    [Fact]
    public void A_writer_is_lent_again_empty()
    {
        var pool = new WriterPool();
        var writer = pool.Rent(1_000_000);
        writer.Ok();
        pool.Return(writer);
        Assert.Same(writer, pool.Rent(2_000_000));
        Assert.Equal(0, writer.Length);
        Assert.Equal(2_000_000, writer.LengthMax);
    }

    [Fact]
    public void A_writer_that_grew_large_is_not_kept()
    {
        var pool = new WriterPool();
        var writer = pool.Rent(int.MaxValue);
        writer.Raw(new byte[WriterPool.WriterBytesMax + 1]);
        pool.Return(writer);
        Assert.NotSame(writer, pool.Rent(int.MaxValue));
    }

    [Fact]
    public void A_writer_that_dropped_a_reply_is_not_kept()
    {
        var pool = new WriterPool();
        var writer = pool.Rent(WriterPool.InitialBytes);
        writer.Raw(new byte[WriterPool.InitialBytes + 1]);
        Assert.True(writer.IsOverflown);
        pool.Return(writer);
        Assert.NotSame(writer, pool.Rent(int.MaxValue));
    }
}
