using System.Net.Security;
using RedisClone.Server.Network;
using RedisClone.Server.Network.Tls;
using RedisClone.Server.Tests.Support;
using Xunit;

namespace RedisClone.Server.Tests.Network;

public enum TransportKind
{
    Epoll,
    EpollTls,
    EpollUnix,
    Sockets,
    SocketsTls,
    SocketsUnix,
}

/// <summary>Runs each test of a class on every transport this platform has, over everything that it carries.</summary>
public static class Transports
{
    private static readonly Lazy<TlsContext> SharedTls = new(() =>
    {
        using var certificates = new TestCertificates();
        return new TlsContext(SslStreamCertificateContext.Create(certificates.Server(), null, offline: true));
    });

    public static TheoryData<TransportKind> All =>
        OperatingSystem.IsLinux()
            ? [.. Enum.GetValues<TransportKind>()]
            : [TransportKind.Sockets, TransportKind.SocketsTls, TransportKind.SocketsUnix];

    /// <summary>A certificate for tests that are not about certificates.</summary>
    public static TlsContext Tls => SharedTls.Value;

    public static bool IsPortable(TransportKind kind) =>
        kind is TransportKind.Sockets or TransportKind.SocketsTls or TransportKind.SocketsUnix;

    public static bool IsTls(TransportKind kind) => kind is TransportKind.EpollTls or TransportKind.SocketsTls;

    public static bool IsUnix(TransportKind kind) => kind is TransportKind.EpollUnix or TransportKind.SocketsUnix;

    /// <summary>Options of a transport that carries this kind beside plain TCP.</summary>
    public static TransportOptions Options(TransportKind kind, int loops = 2, params string[] bind) => new()
    {
        Bind = bind.Length == 0 ? ["127.0.0.1"] : bind,
        Loops = loops,
        PortableSockets = IsPortable(kind),
        TlsPort = IsTls(kind) ? 0 : null,
        Tls = IsTls(kind) ? Tls : null,
        UnixSocket = IsUnix(kind) ? Path.Combine(Path.GetTempPath(), $"redisclone-{Guid.NewGuid():N}.sock") : null,
    };
}
