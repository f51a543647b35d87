using RedisClone.Server.Persistence;

namespace RedisClone.Server.Tests.Persistence;

/// <summary>The machine has lost its power: nothing that the process does from now on matters.</summary>
internal sealed class PowerLossException() : Exception("the power is gone");

/// <summary>What the disk is asked to do, as faults and crashes see it.</summary>
internal enum DiskCall
{
    Open,
    Write,
    Sync,
    Truncate,
    Rename,
    Delete,
    SyncDirectory,
}

/// <summary>What becomes, in a crash, of what was written and not synced.</summary>
internal enum Unsynced
{
    /// <summary>All of it is lost.</summary>
    Lost,

    /// <summary>All of it got to the device just in time; also what a mere crash of the process leaves.</summary>
    Kept,

    /// <summary>A part of it got there, in order, torn at any byte.</summary>
    Torn,

    /// <summary>Each sector got there at some time or other, or never and reads as zeros; the length alike.</summary>
    Scattered,
}

/// <summary>
/// A disk in memory that knows which bytes and names are durable. A test can have it fail any call, fill up, lose its
/// power at any byte of any call, and then look at it as the next start would find it.
/// </summary>
internal sealed class SimulatedDisk : ILogDisk
{
    private const int SectorBytes = 512;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Inode> _names = [];
    private readonly Dictionary<string, Inode> _durableNames = [];
    private readonly List<Action<Dictionary<string, Inode>>> _pendingNames = [];
    private readonly HashSet<string> _locks = [];

    /// <summary>Called before each call; what it returns is thrown.</summary>
    public Func<DiskCall, string, Exception?>? Fault { get; set; }

    /// <summary>How many more bytes fit on the disk.</summary>
    public long FreeBytes { get; set; } = long.MaxValue / 2;

    /// <summary>
    /// How many units of work the disk does before the power goes: a byte written, or any other call.
    /// </summary>
    public long PowerUnits { get; set; } = long.MaxValue;

    /// <summary>How many units of work were done.</summary>
    public long UnitsDone { get; private set; }

    public bool IsPowerless { get; private set; }

    /// <summary>How many fsyncs of files succeeded.</summary>
    public int Syncs { get; private set; }

    public IReadOnlyCollection<string> Files
    {
        get
        {
            lock (_gate)
            {
                return [.. _names.Keys.Order()];
            }
        }
    }

    public byte[] Read(string path)
    {
        lock (_gate)
        {
            return _names[path].Current.ToArray();
        }
    }

    /// <summary>Puts a durable file there, as if it had always been.</summary>
    public void Put(string path, byte[] content)
    {
        lock (_gate)
        {
            var inode = new Inode();
            inode.Current.AddRange(content);
            inode.Durable.AddRange(content);
            _names[path] = inode;
            _durableNames[path] = inode;
        }
    }

    /// <summary>The disk as the next start finds it.</summary>
    public SimulatedDisk AfterCrash(Unsynced unsynced, Random random)
    {
        lock (_gate)
        {
            var names = new Dictionary<string, Inode>(_durableNames);
            var kept = unsynced switch
            {
                Unsynced.Lost => 0,
                Unsynced.Kept => _pendingNames.Count,
                _ => random.Next(_pendingNames.Count + 1),
            };
            foreach (var change in _pendingNames.Take(kept))
            {
                change(names);
            }

            var next = new SimulatedDisk();
            foreach (var (name, inode) in names)
            {
                next.Put(name, inode.AfterCrash(unsynced, random));
            }

            return next;
        }
    }

    public ILogFile Open(string path, LogFileMode mode)
    {
        lock (_gate)
        {
            Spend(DiskCall.Open, path);
            if (_names.TryGetValue(path, out var inode))
            {
                if (mode == LogFileMode.CreateNew)
                {
                    throw new IOException($"The file '{path}' already exists.");
                }
            }
            else if (mode == LogFileMode.Read)
            {
                throw new FileNotFoundException($"Could not find file '{path}'.");
            }
            else
            {
                inode = new Inode();
                Change(names => names[path] = inode);
            }

            return new SimulatedFile(this, path, inode);
        }
    }

    public bool Exists(string path)
    {
        lock (_gate)
        {
            return _names.ContainsKey(path);
        }
    }

    public void Delete(string path)
    {
        lock (_gate)
        {
            Spend(DiskCall.Delete, path);
            if (_names.TryGetValue(path, out var inode))
            {
                FreeBytes += inode.Current.Count;
                Change(names => names.Remove(path));
            }
        }
    }

    public void Rename(string from, string to)
    {
        lock (_gate)
        {
            Spend(DiskCall.Rename, from);
            var inode = _names[from];
            Change(names =>
            {
                names.Remove(from);
                names[to] = inode;
            });
        }
    }

    public void SyncDirectory(string path)
    {
        lock (_gate)
        {
            Spend(DiskCall.SyncDirectory, path);
            foreach (var change in _pendingNames)
            {
                change(_durableNames);
            }

            _pendingNames.Clear();
        }
    }

    public IDisposable Lock(string path)
    {
        lock (_gate)
        {
            return _locks.Add(path) ? new Held(this, path) : throw new IOException($"'{path}' is locked");
        }
    }

    private void Change(Action<Dictionary<string, Inode>> change)
    {
        change(_names);
        _pendingNames.Add(change);
    }

    /// <summary>One unit of work that is done whole or not at all.</summary>
    private void Spend(DiskCall call, string path)
    {
        if (SpendUpTo(1) == 0)
        {
            throw new PowerLossException();
        }

        if (Fault?.Invoke(call, path) is { } fault)
        {
            throw fault;
        }
    }

    private int SpendUpTo(int units)
    {
        var done = IsPowerless ? 0 : (int)Math.Min(units, PowerUnits - UnitsDone);
        UnitsDone += done;
        IsPowerless |= done < units;
        return done;
    }

    private sealed class Held(SimulatedDisk disk, string path) : IDisposable
    {
        public void Dispose()
        {
            lock (disk._gate)
            {
                disk._locks.Remove(path);
            }
        }
    }

    /// <summary>The content of a file, which lives on when its name goes.</summary>
    private sealed class Inode
    {
        public List<byte> Current { get; } = [];

        public List<byte> Durable { get; } = [];

        public List<(long Offset, byte[]? Bytes)> Pending { get; } = [];

        public static void Apply(List<byte> content, long offset, ReadOnlySpan<byte> bytes)
        {
            while (content.Count < offset + bytes.Length)
            {
                content.Add(0);
            }

            for (var i = 0; i < bytes.Length; i++)
            {
                content[(int)offset + i] = bytes[i];
            }
        }

        public static void Resize(List<byte> content, long length)
        {
            if (length < content.Count)
            {
                content.RemoveRange((int)length, content.Count - (int)length);
            }

            while (content.Count < length)
            {
                content.Add(0);
            }
        }

        /// <summary>Makes durable what has been done.</summary>
        public void Settle()
        {
            var settled = After(Pending.Count);
            Durable.Clear();
            Durable.AddRange(settled);
            Pending.Clear();
        }

        public byte[] AfterCrash(Unsynced unsynced, Random random)
        {
            if (unsynced == Unsynced.Kept)
            {
                return [.. Current];
            }

            if (unsynced == Unsynced.Scattered)
            {
                return Scatter(random);
            }

            var kept = unsynced == Unsynced.Lost ? 0 : random.Next(Pending.Count + 1);
            var content = After(kept);
            if (unsynced == Unsynced.Torn && kept < Pending.Count && Pending[kept].Bytes is { } torn)
            {
                Apply(content, Pending[kept].Offset, torn.AsSpan(0, random.Next(torn.Length + 1)));
            }

            return [.. content];
        }

        /// <summary>The content after some of the changes that no fsync has covered.</summary>
        private List<byte> After(int changes)
        {
            List<byte> content = [.. Durable];
            foreach (var (offset, bytes) in Pending.Take(changes))
            {
                if (bytes is null)
                {
                    Resize(content, offset);
                }
                else
                {
                    Apply(content, offset, bytes);
                }
            }

            return content;
        }

        /// <summary>
        /// Each sector as it was after some change or other; a change of the length is never overtaken.
        /// </summary>
        private byte[] Scatter(Random random)
        {
            var first = Pending.FindLastIndex(change => change.Bytes is null) + 1;
            List<byte>[] versions = [.. Enumerable.Range(first, Pending.Count - first + 1).Select(After)];
            var length = versions[random.Next(versions.Length)].Count;
            var content = new byte[length];
            for (var start = 0; start < length; start += SectorBytes)
            {
                var version = versions[random.Next(versions.Length)];
                var end = Math.Min(Math.Min(start + SectorBytes, length), version.Count);
                for (var at = start; at < end; at++)
                {
                    content[at] = version[at];
                }
            }

            return content;
        }
    }

    private sealed class SimulatedFile(SimulatedDisk disk, string path, Inode inode) : ILogFile
    {
        public long Length
        {
            get
            {
                lock (disk._gate)
                {
                    return inode.Current.Count;
                }
            }
        }

        public int Read(long offset, Span<byte> target)
        {
            lock (disk._gate)
            {
                var count = (int)Math.Clamp(inode.Current.Count - offset, 0, target.Length);
                System.Runtime.InteropServices.CollectionsMarshal.AsSpan(inode.Current)
                    .Slice((int)Math.Min(offset, inode.Current.Count), count)
                    .CopyTo(target);
                return count;
            }
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            lock (disk._gate)
            {
                if (disk.IsPowerless)
                {
                    throw new PowerLossException();
                }

                if (disk.Fault?.Invoke(DiskCall.Write, path) is { } fault)
                {
                    throw fault;
                }

                var grown = Math.Max(0, offset + bytes.Length - inode.Current.Count);
                var fits = (int)(bytes.Length - Math.Max(0, grown - disk.FreeBytes));
                var done = disk.SpendUpTo(fits);
                if (done > 0)
                {
                    disk.FreeBytes -= Math.Max(0, offset + done - inode.Current.Count);
                    Inode.Apply(inode.Current, offset, bytes[..done]);
                    inode.Pending.Add((offset, bytes[..done].ToArray()));
                }

                if (done < fits)
                {
                    throw new PowerLossException();
                }

                if (fits < bytes.Length)
                {
                    throw new IOException("No space left on device");
                }
            }
        }

        public void Sync()
        {
            lock (disk._gate)
            {
                try
                {
                    disk.Spend(DiskCall.Sync, path);
                }
                catch (IOException)
                {
                    // What could not be written is forgotten, as by a kernel that marks such pages clean.
                    inode.Pending.Clear();
                    throw;
                }

                disk.Syncs++;
                inode.Settle();
            }
        }

        public void Truncate(long length)
        {
            lock (disk._gate)
            {
                disk.Spend(DiskCall.Truncate, path);
                disk.FreeBytes += inode.Current.Count - length;
                Inode.Resize(inode.Current, length);
                inode.Pending.Add((length, null));
            }
        }

        public void Dispose()
        {
        }
    }
}
