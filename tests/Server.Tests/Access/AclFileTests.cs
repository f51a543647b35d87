using RedisClone.Server.Access;
using RedisClone.Server.Configuration;
using RedisClone.Server.Tests.Hosting;
using RedisClone.Server.Tests.Persistence;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Access;

/// <summary>Users in a file, and in the configuration.</summary>
public sealed class AclFileTests
{
    private const string DefaultLine = "user default on nopass ~* &* +@all";

    private const string Broken =
        "user x on foo\nuser\nusers y on\n\n# comment\nuser y on >\nuser z on ~a ( +get ) \nuser z on\n   user w on\nuser default on\n"
        + "user d on \"~a b\"\nuser e +nosuch\n";

    [Fact]
    public void Users_are_there_again_after_a_restart()
    {
        using var server = new TestServer(options => options.AclFile = FileWith(options, DefaultLine));
        using (IScriptConnection client = server.Connect())
        {
            client.Call("ACL", "SETUSER", "alice", "on", ">secret", "+@read", "-get", "~a*", "%R~b", "&c", "(+set ~d)");
            Assert.Equal("OK", client.Call("ACL", "SAVE").Text);
        }

        server.Restart();
        using IScriptConnection again = server.Connect();
        Assert.Equal(
            [
                "user alice on #2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b ~a* %R~b resetchannels &c "
                + "-@all +@read -get (~d resetchannels -@all +set)",
                DefaultLine,
            ],
            again.Call("ACL", "LIST").Items.Select(item => item.Text));
        Assert.Equal("OK", again.Call("AUTH", "alice", "secret").Text);
        Assert.Equal(
            File.ReadAllLines(Path.Combine(server.LogDirectory, "users.acl")).Length,
            Directory.GetFiles(server.LogDirectory, "users.acl*").Length + 1);
    }

    [Fact]
    public void A_saved_file_is_for_the_owner_alone_unless_it_was_not_before()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var directory = new TemporaryDirectory();
        string path = directory.File("users.acl");
        AclFile.Save(path, new UserTable(Rules.Catalog).All);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        AclFile.Save(path, new UserTable(Rules.Catalog).All);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(path));
    }

    [Fact]
    public void A_file_that_cannot_be_written_stays_as_it_was()
    {
        using var server = new TestServer(options => options.AclFile = FileWith(options, DefaultLine));
        using IScriptConnection client = server.Connect();
        string path = Path.Combine(server.LogDirectory, "users.acl");
        File.Delete(path);
        Directory.CreateDirectory(path);
        Assert.StartsWith("ERR There was an error trying to save the ACLs.", client.Call("ACL", "SAVE").Text, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(server.LogDirectory, "*.tmp"));
        Assert.Contains(server.Log.Lines, line => line.Contains("users could not be saved", StringComparison.Ordinal));
    }

    [OracleFact]
    public void A_broken_file_is_told_of_as_by_a_real_server_and_changes_nothing()
    {
        using var directory = new TemporaryDirectory();
        string path = directory.File("users.acl");
        File.WriteAllText(path, DefaultLine + "\nuser alice on nopass +get ~a\n");
        using OracleServer oracle = OracleServer.Start("--aclfile", path);
        using var server = new TestServer(options => options.AclFile = path);
        using IScriptConnection real = oracle.Connect();
        using IScriptConnection ours = server.Connect();
        Assert.Equal(real.Call("ACL", "LIST"), ours.Call("ACL", "LIST"));
        File.WriteAllText(path, Broken);
        Assert.Equal(real.Call("ACL", "LOAD"), ours.Call("ACL", "LOAD"));
        Assert.Equal(real.Call("ACL", "LIST"), ours.Call("ACL", "LIST"));
        File.WriteAllText(path, "user bob on nopass +get ~a\n");
        Assert.Equal(real.Call("ACL", "LOAD"), ours.Call("ACL", "LOAD"));
        Assert.Equal(real.Call("ACL", "LIST"), ours.Call("ACL", "LIST"));
        File.Delete(path);
        Assert.True(ours.Call("ACL", "LOAD").IsError);
        Assert.Equal(real.Call("ACL", "LIST"), ours.Call("ACL", "LIST"));
    }

    [Fact]
    public void Loading_disconnects_whose_user_has_gone()
    {
        using var server = new TestServer(options => options.AclFile = FileWith(options, DefaultLine));
        using IScriptConnection admin = server.Connect();
        admin.Call("ACL", "SETUSER", "u", "on", "nopass", "+@all", "~*");
        using IScriptConnection user = server.Connect();
        user.Call("AUTH", "u", "x");
        Assert.Equal("OK", admin.Call("ACL", "LOAD").Text);
        Assert.Null(user.Receive());
        Assert.Equal("PONG", admin.Call("PING").Text);
    }

    [Fact]
    public void A_server_does_not_start_with_a_broken_file_and_names_the_lines()
    {
        AclFileException problem = Assert.Throws<AclFileException>(
            () => new TestServer(options => options.AclFile = FileWith(options, Broken)).Dispose());
        Assert.Contains("users.acl:1: Syntax error", problem.Message, StringComparison.Ordinal);
        Assert.Contains("users.acl:3 should start with user keyword", problem.Message, StringComparison.Ordinal);
        Assert.Throws<AclFileException>(() => new TestServer(options => options.AclFile = "/nosuch/users.acl").Dispose());
        Assert.Throws<AclFileException>(() => new TestServer(options =>
        {
            options.AclFile = FileWith(options, DefaultLine);
            options.UserLines = [["u", "on"]];
        }).Dispose());
    }

    [Fact]
    public void Users_may_be_stated_in_the_configuration()
    {
        var options = new ServerOptions();
        var reader = new ConfigurationReader(options);
        reader.ReadOptions("here", ["requirepass first", "user alice on >p +get ( +set ~b ) ~a", "user default on >second +@all ~*"]);
        Assert.Empty(reader.Errors);
        using var server = new TestServer(other =>
        {
            other.UserLines = options.UserLines;
            other.RequirePass = options.RequirePass;
        });
        using IScriptConnection client = server.Connect();
        Assert.StartsWith("NOAUTH", client.Call("PING").Text, StringComparison.Ordinal);
        Assert.StartsWith("WRONGPASS", client.Call("AUTH", "first").Text, StringComparison.Ordinal);
        Assert.Equal("OK", client.Call("AUTH", "second").Text);
        Assert.StartsWith("user alice on #", client.Call("ACL", "LIST").Items[0].Text, StringComparison.Ordinal);
        Assert.EndsWith(
            " ~a resetchannels -@all +get (~b resetchannels -@all +set)", client.Call("ACL", "LIST").Items[0].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("user alice on nonsense", "Error in user declaration 'nonsense': Syntax error")]
    [InlineData("user alice +nosuch", "Error in user declaration '+nosuch': Unknown command or category name in ACL")]
    [InlineData("user alice (+get", "Unmatched parenthesis in acl selector starting at '(+get'.")]
    [InlineData("user \"a b\" on", "Usernames can't contain spaces or null characters")]
    [InlineData("user", "Bad directive or wrong number of arguments")]
    [InlineData("acl-pubsub-default some", "argument(s) must be one of the following: allchannels, resetchannels")]
    public void A_wrong_line_of_the_configuration_is_told(string line, string problem)
    {
        var reader = new ConfigurationReader(new ServerOptions());
        reader.ReadOptions("here", [line]);
        Assert.Equal(problem, Assert.Single(reader.Errors).Reason);
    }

    [Fact]
    public void A_user_is_stated_once()
    {
        var reader = new ConfigurationReader(new ServerOptions());
        reader.ReadOptions("here", ["user a on", "user a off"]);
        Assert.Equal("The user 'a' is stated twice", Assert.Single(reader.Errors).Reason);
    }

    [Fact]
    public void New_users_get_all_channels_where_that_is_the_default()
    {
        using var server = new TestServer(options => options.AclPubSubDefault = PubSubDefault.AllChannels);
        using IScriptConnection client = server.Connect();
        client.Call("ACL", "SETUSER", "u");
        Assert.Equal("user u off &* -@all", client.Call("ACL", "LIST").Items[1].Text);
        client.Call("CONFIG", "SET", "acl-pubsub-default", "resetchannels");
        client.Call("ACL", "SETUSER", "v");
        Assert.Equal("user v off resetchannels -@all", client.Call("ACL", "LIST").Items[2].Text);
    }

    /// <summary>Writes the file into the directory of the server, unless it is there.</summary>
    private static string FileWith(ServerOptions options, string text)
    {
        string path = Path.Combine(options.Directory, "users.acl");
        if (!File.Exists(path))
        {
            File.WriteAllText(path, text + "\n");
        }

        return "users.acl";
    }
}
