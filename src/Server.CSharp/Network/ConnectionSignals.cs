namespace RedisClone.Server.Network;

/// <summary>What a connection is to look at in its next turn.</summary>
[Flags]
internal enum Signals
{
    None = 0,
    Opened = 1,
    Abort = 2,
    Wake = 4,
    Readable = 8,
    Writable = 16,
    Hangup = 32,
    Run = 64,
    Durable = 128,
    Tick = 256,
    Stop = 512,
}

/// <summary>What a connection needs of its owner after a turn.</summary>
[Flags]
internal enum Needs
{
    Nothing = 0,

    /// <summary>A turn with <see cref="Signals.Run"/>, soon: commands are left to be carried out.</summary>
    Run = 1,

    /// <summary>A turn when the log has become more durable.</summary>
    Durable = 2,

    /// <summary>To be forgotten; it is released.</summary>
    Ended = 4,
}
