using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace RedisClone.Bench.Servers;

/// <summary>Starts servers and makes sure that none outlives the benchmark, however it ends.</summary>
internal sealed class RunningServers : IDisposable
{
    private readonly Options _options;
    private readonly string _data;
    private readonly List<ServerProcess> _running = [];
    private readonly List<PosixSignalRegistration> _signals = [];
    private int _nextPort;
    private int _nextDirectory;
    private bool _closed;

    /// <param name="options">Cores and ports.</param>
    /// <param name="data">Where data directories are made; on a real disk, since logs are forced to it.</param>
    public RunningServers(Options options, string data)
    {
        _options = options;
        _data = data;
        _nextPort = options.FirstPort;
        if (Directory.Exists(data))
        {
            Directory.Delete(data, recursive: true);
        }

        Directory.CreateDirectory(data);
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
        {
            // Afterwards the signal does what it always does: it ends this process.
            _signals.Add(PosixSignalRegistration.Create(signal, _ => Dispose()));
        }
    }

    /// <summary>Starts a server without persistence.</summary>
    public ServerProcess Start(Subject subject) => Start(subject, _ => { }, "--appendonly", "no");

    /// <summary>Starts a server that logs its writes.</summary>
    public ServerProcess StartLogging(Subject subject, string fsyncPolicy) =>
        Start(subject, _ => { }, "--appendonly", "yes", "--appendfsync", fsyncPolicy);

    /// <summary>Starts a server on a data directory that <paramref name="prepare"/> puts files into.</summary>
    public ServerProcess Start(Subject subject, Action<string> prepare, params string[] settings)
    {
        var directory = Path.Combine(_data, $"{subject.Name}-{_nextDirectory++}");
        Directory.CreateDirectory(directory);
        prepare(directory);
        ServerProcess server;
        lock (_running)
        {
            if (_closed)
            {
                throw new BenchException("interrupted");
            }

            server = ServerProcess.Start(subject, FreePort(), directory, _options, settings);
            _running.Add(server);
        }

        try
        {
            server.WaitUntilReady();
            return server;
        }
        catch
        {
            Stop(server);
            throw;
        }
    }

    public void Stop(ServerProcess server)
    {
        lock (_running)
        {
            if (_running.Remove(server))
            {
                server.Dispose();
            }
        }
    }

    public void StopAll()
    {
        lock (_running)
        {
            foreach (var server in _running)
            {
                server.Dispose();
            }

            _running.Clear();
        }
    }

    public void Dispose()
    {
        lock (_running)
        {
            _closed = true;
        }

        StopAll();
        if (Directory.Exists(_data))
        {
            Directory.Delete(_data, recursive: true);
        }
    }

    private int FreePort()
    {
        while (true)
        {
            var wanted = _options.FirstPort == 0 ? 0 : _nextPort++;
            if (wanted > IPEndPoint.MaxPort)
            {
                throw new BenchException($"no free port from {_options.FirstPort} upwards");
            }

            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, wanted);
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException)
            {
                // Somebody else has it.
            }
        }
    }
}
