using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace RedisClone.Server.Persistence;

/// <summary>The disk of the operating system.</summary>
public sealed class OsDisk : ILogDisk
{
    public ILogFile Open(string path, LogFileMode mode)
    {
        var access = mode == LogFileMode.Read ? FileAccess.Read : FileAccess.ReadWrite;
        var create = mode switch
        {
            LogFileMode.Read => FileMode.Open,
            LogFileMode.ReadWrite => FileMode.OpenOrCreate,
            _ => FileMode.CreateNew,
        };
        return new OsFile(File.OpenHandle(path, create, access, FileShare.ReadWrite | FileShare.Delete));
    }

    public bool Exists(string path) => File.Exists(path);

    public void Delete(string path) => File.Delete(path);

    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    public void SyncDirectory(string path)
    {
        // Windows has no such call: NTFS journals names by itself.
        if (!OperatingSystem.IsWindows())
        {
            Unix.SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/");
        }
    }

    public IDisposable Lock(string path) =>
        new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);

    /// <summary>How much of a file is dropped from the cache at a time.</summary>
    private const long DiscardBytes = 8 << 20;

    private sealed class OsFile(SafeFileHandle handle) : ILogFile
    {
        public long Length => RandomAccess.GetLength(handle);

        public int Read(long offset, Span<byte> target)
        {
            var total = 0;
            while (total < target.Length)
            {
                var read = RandomAccess.Read(handle, target[total..], offset + total);
                if (read == 0)
                {
                    break;
                }

                total += read;
            }

            return total;
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(handle, bytes, offset);

        public void Sync() => RandomAccess.FlushToDisk(handle);

        public void Truncate(long length) => RandomAccess.SetLength(handle, length);

        public void Discard()
        {
            if (OperatingSystem.IsLinux())
            {
                for (long length = Length, offset = 0; offset < length; offset += DiscardBytes)
                {
                    Unix.ForgetCached(handle, offset, DiscardBytes);
                }
            }

            Dispose();
        }

        public void Dispose() => handle.Dispose();
    }
}

/// <summary>What .NET has no call for: fsync of a directory, advice about the page cache.</summary>
internal static unsafe partial class Unix
{
    private const int InterruptedErrno = 4;
    private const int InvalidErrno = 22;
    private const int DoNotNeed = 4;

    public static void SyncDirectory(string directory)
    {
        int descriptor;
        fixed (byte* name = Encoding.UTF8.GetBytes(directory + "\0"))
        {
            do
            {
                descriptor = OpenFile(name, 0, 0);
            }
            while (descriptor < 0 && Marshal.GetLastPInvokeError() == InterruptedErrno);
        }

        if (descriptor < 0)
        {
            throw Failed("open", directory);
        }

        try
        {
            int result;
            do
            {
                result = SyncFile(descriptor);
            }
            while (result < 0 && Marshal.GetLastPInvokeError() == InterruptedErrno);

            // A file system without durable directories says EINVAL; there is nothing to wait for then.
            if (result < 0 && Marshal.GetLastPInvokeError() != InvalidErrno)
            {
                throw Failed("fsync", directory);
            }
        }
        finally
        {
            _ = CloseFile(descriptor);
        }
    }

    /// <summary>Drops a part of a file from the page cache, as far as it is on the device.</summary>
    public static void ForgetCached(SafeFileHandle file, long offset, long length) =>
        _ = Advise(file, offset, length, DoNotNeed);

    private static IOException Failed(string call, string directory)
    {
        var errno = Marshal.GetLastPInvokeError();
        return new IOException($"{Marshal.GetPInvokeErrorMessage(errno)} ({call} of directory '{directory}')");
    }

    // `open` takes its third argument only when it creates a file; passing it is harmless and keeps the call fixed.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    private static partial int OpenFile(byte* path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncFile(int descriptor);

    [LibraryImport("libc", EntryPoint = "posix_fadvise64")]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseFile(int descriptor);
}
