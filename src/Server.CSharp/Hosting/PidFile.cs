using System.Globalization;
using RedisClone.Server.Configuration;

namespace RedisClone.Server.Hosting;

/// <summary>A file that holds the number of this process while it runs.</summary>
internal sealed class PidFile(string path) : IDisposable
{
    /// <summary>Writes it; returns null if none is wanted, and says why where it cannot be written.</summary>
    public static PidFile? Write(ServerOptions options, out string? problem)
    {
        problem = null;
        if (options.PidFile.Length == 0)
        {
            return null;
        }

        string path = Path.GetFullPath(Path.Combine(options.Directory, options.PidFile));
        try
        {
            File.WriteAllText(path, string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}\n"));
            return new PidFile(path);
        }
        catch (Exception e) when (FileProblem.Is(e))
        {
            problem = $"the pidfile '{path}' cannot be written: {FileProblem.Describe(path, e)}";
            return null;
        }
    }

    public void Dispose()
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (FileProblem.Is(e))
        {
            // The process ends; the file has the number of none.
        }
    }
}
