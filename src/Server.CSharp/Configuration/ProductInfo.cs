namespace RedisClone.Server.Configuration;

/// <summary>What the server calls itself.</summary>
public static class ProductInfo
{
    public const string Name = "RedisClone";

    public const string Version = "0.1.0";

    /// <summary>The version of Redis whose behaviour is followed.</summary>
    public const string RedisVersion = "7.0.15";
}
