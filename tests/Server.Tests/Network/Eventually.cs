using System.Runtime.CompilerServices;
using Xunit;

namespace RedisClone.Server.Tests.Network;

/// <summary>Waits for conditions, never for time.</summary>
internal static class Eventually
{
    /// <summary>Far beyond what anything here takes; reached only when a test fails.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    public static void True(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string text = "") =>
        Assert.True(SpinWait.SpinUntil(condition, Bound), $"never true: {text}");

    public static void Done(Task task)
    {
        Assert.True(task.Wait(Bound), "never done");
    }
}
