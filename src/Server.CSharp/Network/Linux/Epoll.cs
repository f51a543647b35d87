using System.Runtime.InteropServices;

namespace RedisClone.Server.Network.Linux;

/// <summary>
/// An epoll instance with a batch of events. The kernel's <c>struct epoll_event</c> is a 32-bit mask
/// and 64 bits for us (the descriptor); it is packed on x86 only, hence the offsets.
/// </summary>
internal sealed unsafe class Epoll : IDisposable
{
    /// <summary>Events taken at a time, and so connections that share a flush of the log.</summary>
    private const int EventsMax = 256;

    private static readonly bool IsPacked =
        RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86;

    private readonly int _dataOffset = IsPacked ? 4 : 8;
    private readonly int _eventBytes = IsPacked ? 12 : 16;
    private readonly int _descriptor = Native.Checked(Native.EpollCreate(Native.EpollCloseOnExec), "epoll_create1");
    private byte* _events;

    public Epoll()
    {
        _events = (byte*)NativeMemory.AllocZeroed(EventsMax, (nuint)_eventBytes);
    }

    /// <summary>False when the kernel has no room for another watch.</summary>
    public bool TryAdd(int watched, uint interest) => Control(Native.EpollAdd, watched, interest) == 0;

    public void Modify(int watched, uint interest) =>
        _ = Native.Checked(Control(Native.EpollModify, watched, interest), "epoll_ctl");

    /// <summary>Waits for events and tells how many there are.</summary>
    /// <param name="timeoutMs">0 does not wait, -1 waits as long as it takes.</param>
    public int Wait(int timeoutMs)
    {
        int count = Native.EpollWait(_descriptor, _events, EventsMax, timeoutMs);
        if (count >= 0)
        {
            return count;
        }

        return Marshal.GetLastPInvokeError() == Native.Interrupted ? 0 : Native.Checked(count, "epoll_wait");
    }

    public (int Descriptor, uint Events) Event(int index)
    {
        byte* at = _events + (index * _eventBytes);
        return ((int)Marshal.ReadInt64((nint)(at + _dataOffset)), *(uint*)at);
    }

    public void Dispose()
    {
        if (_events is not null)
        {
            NativeMemory.Free(_events);
            _events = null;
            _ = Native.Close(_descriptor);
        }
    }

    private int Control(int operation, int watched, uint interest)
    {
        byte* one = stackalloc byte[16];
        *(uint*)one = interest;
        *(long*)(one + _dataOffset) = watched;
        return Native.EpollControl(_descriptor, operation, watched, one);
    }
}
