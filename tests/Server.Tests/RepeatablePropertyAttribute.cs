using FsCheck.Xunit;

namespace RedisClone.Server.Tests;

/// <summary>
/// A property. A normal run tries the same cases every time, so that what one machine accepts no other refuses by bad
/// luck; with RC_LONG in the environment others are drawn each time.
/// </summary>
public sealed class RepeatablePropertyAttribute : PropertyAttribute
{
    public RepeatablePropertyAttribute()
    {
        if (Environment.GetEnvironmentVariable("RC_LONG") is null)
        {
            Replay = "20090510,1";
        }
    }
}
