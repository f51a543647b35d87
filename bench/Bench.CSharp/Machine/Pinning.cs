using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace RedisClone.Bench.Machine;

/// <summary>
/// Keeps servers on one core and the load on another, as taskset does. A process inherits the core of the thread that
/// starts it, so a server is pinned from its first instruction and its start-up time holds nothing of a wrapper.
/// </summary>
internal static unsafe partial class Pinning
{
    /// <summary>The highest core number the mask has room for.</summary>
    public const int CoreMax = 1023;

    private const int MaskBytes = (CoreMax + 1) / 8;

    /// <summary>Moves every thread of this process to a core; threads and processes it makes later stay there too.</summary>
    /// <exception cref="BenchException">The machine has no such core, or it is not ours to use.</exception>
    public static void PinThisProcess(int core)
    {
        foreach (var task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            Pin(int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture), core);
        }
    }

    /// <summary>Moves the calling thread to a core.</summary>
    public static void PinThisThread(int core) => Pin(0, core);

    private static void Pin(int thread, int core)
    {
        var mask = stackalloc byte[MaskBytes];
        new Span<byte>(mask, MaskBytes).Clear();
        mask[core / 8] = (byte)(1 << (core % 8));
        if (SetAffinity(thread, MaskBytes, mask) != 0)
        {
            var reason = new Win32Exception(Marshal.GetLastPInvokeError()).Message;
            throw new BenchException($"cannot run on core {core}: {reason}. The benchmarks need two cores of their own.");
        }
    }

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int SetAffinity(int thread, nuint maskBytes, byte* mask);
}
