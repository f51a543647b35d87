namespace RedisClone.Server.Tests.Network;

/// <summary>Runs blocking work on threads of its own: the portable transport lives on the pool's.</summary>
internal static class Background
{
    public static Task Run(Action work) => Task.Factory.StartNew(
        work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public static Task<T> Run<T>(Func<T> work) => Task.Factory.StartNew(
        work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
