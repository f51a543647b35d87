using System.Net;
using System.Runtime.InteropServices;

namespace RedisClone.Server.Network.Linux;

/// <summary>
/// The kernel calls of the epoll transport. All arguments are blittable, so a call is a plain jump; none suppresses the
/// collector's transition, because any of them may be slow and a collection must not wait for it.
/// </summary>
internal static unsafe partial class Native
{
    public const uint EpollIn = 0x1;
    public const uint EpollOut = 0x4;
    public const uint EpollErr = 0x8;
    public const uint EpollHup = 0x10;
    public const uint EpollPeerEnded = 0x2000;
    public const uint EpollEdge = 1u << 31;
    public const int EpollAdd = 1;
    public const int EpollModify = 3;
    public const int EpollCloseOnExec = 0x80000;

    public const int EventNonBlocking = 0x800;
    public const int EventCloseOnExec = 0x80000;
    public const int SocketNonBlocking = 0x800;
    public const int SocketCloseOnExec = 0x80000;

    public const int MessageNoSignal = 0x4000;
    public const int ShutdownWrite = 1;

    public const int LevelSocket = 1;
    public const int LevelTcp = 6;
    public const int OptionKeepAlive = 9;
    public const int TcpNoDelay = 1;
    public const int TcpKeepIdle = 4;
    public const int TcpKeepInterval = 5;
    public const int TcpKeepCount = 6;

    public const int Interrupted = 4;
    public const int Again = 11;
    public const int OutOfMemory = 12;
    public const int TooManyFilesSystem = 23;
    public const int TooManyFiles = 24;
    public const int NoBuffers = 105;

    /// <summary>Enough for an address of any family.</summary>
    public const int SocketAddressBytes = 128;

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int EpollControl(int epoll, int operation, int descriptor, byte* epollEvent);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(int epoll, byte* events, int eventsMax, int timeoutMs);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventDescriptor(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "accept4", SetLastError = true)]
    public static partial int Accept(int listener, byte* address, uint* addressLength, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(int socket, byte* buffer, nuint count, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(int socket, byte* buffer, nuint count, int flags);

    [LibraryImport("libc", EntryPoint = "shutdown", SetLastError = true)]
    public static partial int Shutdown(int socket, int how);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetOption(int socket, int level, int option, int* value, uint length);

    [LibraryImport("libc", EntryPoint = "getsockname", SetLastError = true)]
    public static partial int GetName(int socket, byte* address, uint* addressLength);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(int descriptor, nuint request, int* result);

    /// <summary>Whether the peer has acknowledged every byte that was sent.</summary>
    public static bool IsAllAcknowledged(int socket)
    {
        const nuint outputQueue = 0x5411;
        int bytes = 0;
        return Control(socket, outputQueue, &bytes) == 0 && bytes == 0;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    public static partial int GetLimit(int resource, nuint* softAndHard);

    /// <summary>How many descriptors this process may have.</summary>
    public static long DescriptorLimit()
    {
        const int descriptors = 7;
        nuint* softAndHard = stackalloc nuint[2];
        return GetLimit(descriptors, softAndHard) == 0 ? (long)Math.Min(softAndHard[0], int.MaxValue) : int.MaxValue;
    }

    /// <summary>The kernel's <c>struct statx</c>, which is the same everywhere, has the mode at byte 28 of 256.</summary>
    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Status(int directory, string path, int flags, uint mask, byte* status);

    /// <summary>Whether there is a socket at a full path.</summary>
    public static bool IsSocket(string path)
    {
        const int noFollow = 0x100;
        const uint typeMask = 1;
        byte* status = stackalloc byte[256];
        return Status(-1, path, noFollow, typeMask, status) == 0 && (*(ushort*)(status + 28) & 0xF000) == 0xC000;
    }

    public static void SetOption(int socket, int level, int option, int value) =>
        SetOption(socket, level, option, &value, sizeof(int));

    /// <summary>The result of a call that makes a descriptor.</summary>
    /// <exception cref="IOException">The call failed.</exception>
    public static int Checked(int descriptor, string call) =>
        descriptor >= 0
            ? descriptor
            : throw new IOException($"{call} failed: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    /// <summary>The endpoint in a socket address; null for a family without ports.</summary>
    public static IPEndPoint? EndPointOf(ReadOnlySpan<byte> address)
    {
        const int familyV4 = 2;
        const int familyV6 = 10;
        int port = (address[2] << 8) | address[3];
        switch (MemoryMarshal.Read<ushort>(address))
        {
            case familyV4:
                return new IPEndPoint(new IPAddress(address.Slice(4, 4)), port);
            case familyV6:
                uint scope = MemoryMarshal.Read<uint>(address[24..]);
                return new IPEndPoint(new IPAddress(address.Slice(8, 16), scope), port);
            default:
                return null;
        }
    }
}
