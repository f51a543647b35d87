namespace RedisClone.Server.Configuration;

/// <summary>What the server calls itself.</summary>
public static class ProductInfo
{
    public const string Name = "RedisClone";

    /// <summary>The version of the project.</summary>
    public static string Version { get; } = typeof(ProductInfo).Assembly.GetName().Version!.ToString(3);

    /// <summary>The version of Redis whose behaviour is followed.</summary>
    public const string RedisVersion = "7.0.15";
}
