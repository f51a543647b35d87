using Xunit;

namespace RedisClone.Server.Tests.Scripts;

/// <summary>The runner itself: what it must notice, and what it must let pass.</summary>
public sealed class ScriptRunnerTests
{
    private const string Pairs = "1) \"a\"\n2) \"1\"\n3) \"b\"\n4) \"2\"";

    [Fact]
    public void A_reply_that_differs_in_one_byte_is_noticed()
    {
        IReadOnlyList<Mismatch> mismatches = Play("> GET k\n\"value\"\n\n> GET l\n\"x\"\n", "\"valuE\"", "\"x\"");
        Mismatch only = Assert.Single(mismatches);
        Assert.Equal("\"valuE\"", only.Actual);
        Assert.Equal(1, only.Request.Line);
    }

    [Fact]
    public void A_nil_is_not_a_null_and_a_bulk_string_is_not_a_simple_one()
    {
        Assert.Single(Play("> GET k\n(nil)\n", "(null)"));
        Assert.Single(Play("> GET k\nOK\n", "\"OK\""));
        Assert.Single(Play("> GET k\n(nil)\n", "(nil array)"));
    }

    [Fact]
    public void Order_counts_unless_the_script_says_otherwise()
    {
        const string Swapped = "1) \"b\"\n2) \"2\"\n3) \"a\"\n4) \"1\"";
        const string Crossed = "1) \"a\"\n2) \"2\"\n3) \"b\"\n4) \"1\"";
        Assert.Single(Play($"> X\n{Pairs}\n", Swapped));
        Assert.Empty(Play($"@unordered\n> X\n{Pairs}\n", Swapped));
        Assert.Empty(Play($"@unordered pairs\n> X\n{Pairs}\n", Swapped));
        Assert.Empty(Play($"@unordered\n> X\n{Pairs}\n", Crossed));
        Assert.Single(Play($"@unordered pairs\n> X\n{Pairs}\n", Crossed));
        Assert.Single(Play($"@unordered\n> X\n{Pairs}\n", "1) \"a\"\n2) \"1\"\n3) \"b\""));
        Assert.Single(Play($"@unordered\n> X\n{Pairs}\n", "1) \"a\"\n2) \"1\"\n3) \"b\"\n4) \"b\""));
    }

    [Fact]
    public void A_map_is_not_an_array_even_unordered()
    {
        const string Text = "@unordered\n> X\n1# \"a\" => \"1\"\n2# \"b\" => \"2\"\n";
        Assert.Empty(Play(Text, "1# \"b\" => \"2\"\n2# \"a\" => \"1\""));
        Assert.Single(Play(Text, "1# \"b\" => \"1\"\n2# \"a\" => \"2\""));
        Assert.Single(Play(Text, Pairs));
    }

    [Fact]
    public void A_pattern_holds_for_the_whole_reply()
    {
        Assert.Empty(Play("@match\n> TIME\n1) \"1*\"\n2) \"???\"\n", "1) \"1700\"\n2) \"123\""));
        Assert.Single(Play("@match\n> TIME\n1) \"1*\"\n2) \"???\"\n", "1) \"1700\"\n2) \"1234\""));
        Assert.Single(Play("@match\n> TIME\n1) \"1*\"\n", "1) \"2700\""));
        Assert.Empty(Play("@match\n> INFO\n*b*c*\n", "\"abc\""));
    }

    [Fact]
    public void Time_left_may_be_off_only_where_the_clock_runs()
    {
        const string Text = "> TTL k\n(integer) 100\n";
        Assert.Empty(Play(Text, "(integer) 99"));
        Assert.Single(Play(Text, "(integer) 79"));
        Assert.Single(Play(Text, "(integer) -1"));
        Assert.Single(Play("> TTL k\n(integer) -1\n", "(integer) -2"));
        Assert.Single(Play("> INCR k\n(integer) 100\n", "(integer) 99"));
        using var target = new Canned(["(integer) 99"], clockStandsStill: true);
        Assert.Single(ScriptRunner.Run(Script.Parse(Text), target));
    }

    [Fact]
    public void A_closed_connection_and_one_that_should_have_been_closed_are_noticed()
    {
        Assert.Empty(Play("> QUIT\nOK\n\n>\n(closed)\n", "OK", Script.Closed));
        Assert.Single(Play("> PING\nPONG\n", Script.Closed));
        Assert.Single(Play("> QUIT\n(closed)\n", "OK"));
    }

    [Fact]
    public void A_reply_too_many_is_noticed_at_the_end()
    {
        IReadOnlyList<Mismatch> mismatches = Play("> PING\n(no reply)\n", "PONG");
        Assert.Equal("PONG", Assert.Single(mismatches).Actual);
    }

    [OracleFact]
    public void A_server_that_goes_away_ends_the_script_at_the_request_that_noticed()
    {
        using OracleServer oracle = OracleServer.Start();
        const string Text = "> SHUTDOWN NOSAVE\n(error) ERR no\n\n> PING\nPONG\n\n> PING\nPONG\n";
        IReadOnlyList<Mismatch> mismatches = ScriptRunner.Run(Script.Parse(Text), oracle);
        Assert.Equal([1, 4], mismatches.Select(mismatch => mismatch.Request.Line));
    }

    [Fact]
    public void A_repeated_request_counts_in_request_and_reply()
    {
        const string Text = "@repeat 3\n> HSET h f{n} v\n\"{n}\"\n";
        Assert.Empty(Play(Text, "\"1\"", "\"2\"", "\"3\""));
        Mismatch only = Assert.Single(Play(Text, "\"1\"", "\"3\""));
        Assert.Equal("HSET h f2 v", only.Command);
    }

    [Fact]
    public void What_came_is_recorded_in_place_of_what_was_written()
    {
        const string Text = "# shows\n\n> GET a\n\n> KEYS *\n1) \"x\"\n2) \"y\"\n\n> GET b\n\"kept\"\n";
        IReadOnlyList<Mismatch> mismatches = Play(Text, "\"1\"", "1) \"z\"", "\"kept\"");
        Assert.Equal(
            "# shows\n\n> GET a\n\"1\"\n\n> KEYS *\n1) \"z\"\n\n> GET b\n\"kept\"\n",
            ScriptFolder.WithReplies(Text, mismatches));
    }

    [Theory]
    [InlineData("# nothing is asked\n", "a script needs a request")]
    [InlineData("> GET k\nOK\n\nstray\n", "line 4:")]
    [InlineData("@unorderd\n> GET k\nOK\n", "unknown directive")]
    [InlineData("> GET k\nOK\n\n@unordered\n", "no request after it")]
    [InlineData("> GET k\nOK\n\n@since 8.0\n", "@since stands at the top")]
    [InlineData("@time +5\n> GET k\nOK\n", "not a time")]
    [InlineData("@repeat 0\n> GET k\nOK\n", "not a count")]
    [InlineData("> GET \u00e9\nOK\n", "ASCII")]
    public void A_script_that_breaks_the_format_is_refused_with_its_line(string text, string message)
    {
        FormatException error = Assert.Throws<FormatException>(() => Script.Parse(text));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [OracleFact]
    public void Every_kind_of_reply_of_a_real_server_is_read()
    {
        const string Text =
            """
            @resp3
            > DEBUG PROTOCOL double
            (double) 3.141

            > DEBUG PROTOCOL null
            (null)

            > DEBUG PROTOCOL set
            1~ (integer) 0
            2~ (integer) 1
            3~ (integer) 2

            > DEBUG PROTOCOL map
            1# (integer) 0 => (false)
            2# (integer) 1 => (true)
            3# (integer) 2 => (false)

            > DEBUG PROTOCOL bignum
            (big number) 1234567999999999999999999999999999999

            > DEBUG PROTOCOL verbatim
            (verbatim) "txt:This is a verbatim\nstring"

            > SUBSCRIBE news
            1! "subscribe"
            2! "news"
            3! (integer) 1
            """;
        using OracleServer oracle = OracleServer.Start(OracleServer.WithDebug);
        Assert.Empty(ScriptRunner.Run(Script.Parse(Text), oracle));
    }

    private static IReadOnlyList<Mismatch> Play(string text, params string[] replies)
    {
        using var target = new Canned(replies, clockStandsStill: false);
        return ScriptRunner.Run(Script.Parse(text), target);
    }

    /// <summary>A server that gives the replies it was told to, whatever it is asked; then it echoes.</summary>
    private sealed class Canned(IEnumerable<string> replies, bool clockStandsStill) : IScriptTarget, IScriptConnection
    {
        private readonly Queue<string> _replies = new(replies);
        private readonly Queue<ReplyValue> _housekeeping = [];

        public bool ClockStandsStill => clockStandsStill;

        public IScriptConnection Connect() => this;

        public void Advance(TimeSpan time) => throw new NotSupportedException();

        public void Send(IReadOnlyList<string> arguments)
        {
            if (arguments is ["FLUSHALL"] or ["PING", _])
            {
                _housekeeping.Enqueue(ReplyValue.Bulk(arguments[^1]));
            }
        }

        public ReplyValue? Receive()
        {
            if (_housekeeping.TryPeek(out ReplyValue? reply) && (reply.Text == "FLUSHALL" || _replies.Count == 0))
            {
                return _housekeeping.Dequeue();
            }

            string text = _replies.Dequeue();
            return text == Script.Closed ? null : ReplyText.Parse(text);
        }

        public void Dispose()
        {
        }
    }
}
