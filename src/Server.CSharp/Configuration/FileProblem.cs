namespace RedisClone.Server.Configuration;

/// <summary>Failures to open a file, in the words of the operating system that people know from Redis.</summary>
internal static class FileProblem
{
    public const string NoSuchFile = "No such file or directory";
    public const string NotADirectory = "Not a directory";

    /// <summary>Whether opening or reading a file may throw this.</summary>
    public static bool Is(Exception e) =>
        e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;

    /// <summary>Why the file could not be opened.</summary>
    public static string Describe(string path, Exception e) => e switch
    {
        _ when Directory.Exists(path) => "Is a directory",
        FileNotFoundException or DirectoryNotFoundException => NoSuchFile,
        UnauthorizedAccessException => "Permission denied",
        _ => e.Message,
    };
}
