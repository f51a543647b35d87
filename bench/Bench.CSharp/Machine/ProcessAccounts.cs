using System.Globalization;
using System.Runtime.InteropServices;

namespace RedisClone.Bench.Machine;

/// <summary>What the kernel says about a running process: CPU time and resident memory.</summary>
internal static partial class ProcessAccounts
{
    /// <summary>
    /// User and system time of all threads, in seconds. It is the sum that /proc/PID/stat shows as utime and stime, read
    /// from the process's CPU clock because that counts nanoseconds and the file hundredths of a second.
    /// </summary>
    public static double CpuSeconds(int pid)
    {
        if (CpuClockOf(pid, out var clock) != 0 || ReadClock(clock, out var time) != 0)
        {
            throw new BenchException($"process {pid} has ended");
        }

        return time.Seconds + time.Nanoseconds / 1e9;
    }

    /// <summary>Resident memory in bytes (VmRSS).</summary>
    public static long ResidentBytes(int pid) => StatusBytes(pid, "VmRSS:");

    /// <summary>The most memory that was resident since the last <see cref="ForgetPeak"/>, in bytes (VmHWM).</summary>
    public static long PeakResidentBytes(int pid) => StatusBytes(pid, "VmHWM:");

    /// <summary>Starts the peak anew from what is resident now.</summary>
    public static void ForgetPeak(int pid) => File.WriteAllText($"/proc/{pid}/clear_refs", "5");

    private static long StatusBytes(int pid, string field)
    {
        foreach (var line in File.ReadLines($"/proc/{pid}/status"))
        {
            if (line.StartsWith(field, StringComparison.Ordinal))
            {
                var kibibytes = line.AsSpan(field.Length).Trim().ToString().Split(' ')[0];
                return long.Parse(kibibytes, CultureInfo.InvariantCulture) * 1024;
            }
        }

        throw new BenchException($"process {pid} has ended");
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "clock_getcpuclockid")]
    private static partial int CpuClockOf(int pid, out int clock);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ReadClock(int clock, out TimeSpec time);
}
