using Xunit;

namespace RedisClone.Server.Tests.Network;

/// <summary>Runs each test of a class on every transport this platform has.</summary>
public static class Transports
{
    public static TheoryData<TransportKind> All =>
        OperatingSystem.IsLinux()
            ? [TransportKind.Epoll, TransportKind.Sockets]
            : [TransportKind.Sockets];
}
