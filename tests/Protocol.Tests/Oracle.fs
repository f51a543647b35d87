/// A real redis-server to compare with, started by the tests themselves, and a small client of its own to talk to it.
///
/// Put tests that need it into a class of the collection "oracle", and let the constructor take the server:
///
///     [<Collection("oracle")>]
///     type ExampleTests(oracle: Oracle) =
///         [<OracleFact>]
///         member _.``an empty database has no keys``() =
///             Assert.Equal(OracleReply.Integer 0L, oracle.Call "DBSIZE")
///
/// The tests of the collection run one after another and share the server, so each empties what it uses. Without
/// redis-server on the PATH they are skipped; where the environment variable CI is set, they fail instead.
namespace RedisClone.Protocol.Tests

open System
open System.Collections.Generic
open System.Diagnostics
open System.Globalization
open System.IO
open System.Net
open System.Net.Sockets
open System.Threading
open FsCheck.Xunit
open RedisClone.Protocol
open RedisClone.Protocol.Tests
open Xunit

/// A reply as it came over the wire. Doubles and big numbers keep their text.
[<RequireQualifiedAccess>]
type OracleReply =
    | Simple of string
    | Error of string
    | Integer of int64
    | Bulk of byte[]
    | Null
    | NullArray
    | Array of OracleReply list
    | Map of (OracleReply * OracleReply) list
    | Set of OracleReply list
    | Push of OracleReply list
    | Boolean of bool
    | Double of string
    | BigNumber of string
    | Verbatim of byte[]

/// A blocking RESP2 and RESP3 client over one connection. Not for more than one thread at a time.
type OracleClient(port: int) =
    /// Commands sent before their replies are read.
    let pipelineMax = 128
    let replyTimeoutMs = 30_000

    let tcp =
        new TcpClient(NoDelay = true, ReceiveTimeout = replyTimeoutMs, SendTimeout = replyTimeoutMs)

    do tcp.Connect(IPAddress.Loopback, port)

    let stream = tcp.GetStream()
    let input = new BufferedStream(stream, 65536)

    let write (request: MemoryStream) (command: byte[][]) =
        let text (value: string) = request.Write(Bytes.ofString value)
        text $"*{command.Length}\r\n"

        for argument in command do
            text $"${argument.Length}\r\n"
            request.Write argument
            text "\r\n"

    let readLine () =
        let line = List<byte>()
        let mutable last = input.ReadByte()

        while last >= 0 && last <> int '\r' do
            line.Add(byte last)
            last <- input.ReadByte()

        if input.ReadByte() <> int '\n' then
            raise (EndOfStreamException "the oracle closed the connection")

        Bytes.toString (line.ToArray())

    let readBody (length: int) =
        let body = Array.zeroCreate<byte>(length + 2)
        input.ReadExactly body
        body[.. length - 1]

    let rec read () : OracleReply =
        let line = readLine ()
        let rest = line.Substring 1

        let count () =
            Int32.Parse(rest, CultureInfo.InvariantCulture)

        let items number = List.init number (fun _ -> read ())

        match line[0] with
        | '+' -> OracleReply.Simple rest
        | '-' -> OracleReply.Error rest
        | ':' -> OracleReply.Integer(Int64.Parse(rest, CultureInfo.InvariantCulture))
        | '$' when rest = "-1" -> OracleReply.Null
        | '$' -> OracleReply.Bulk(readBody (count ()))
        | '*' when rest = "-1" -> OracleReply.NullArray
        | '*' -> OracleReply.Array(items (count ()))
        | '_' -> OracleReply.Null
        | '#' -> OracleReply.Boolean((rest = "t"))
        | ',' -> OracleReply.Double rest
        | '(' -> OracleReply.BigNumber rest
        | '=' -> OracleReply.Verbatim(readBody (count ()))
        | '~' -> OracleReply.Set(items (count ()))
        | '>' -> OracleReply.Push(items (count ()))
        | '%' ->
            OracleReply.Map(
                List.init (count ()) (fun _ ->
                    let key = read ()
                    key, read ())
            )
        | other -> invalidOp $"the oracle sent a reply of unknown type '{other}'"

    /// Sends bytes as they are.
    member _.Send(bytes: byte[]) = stream.Write bytes

    /// Waits for the next reply.
    member _.Read() : OracleReply = read ()

    /// Sends commands together, and returns their replies in order.
    member this.Pipeline(commands: byte[][] seq) : OracleReply list =
        [
            for batch in Seq.chunkBySize pipelineMax commands do
                let request = new MemoryStream()

                for command in batch do
                    write request command

                this.Send(request.ToArray())

                for _ in batch do
                    read ()
        ]

    /// Sends one command, its arguments as Latin-1, and returns its reply.
    member this.Call([<ParamArray>] arguments: string[]) : OracleReply =
        List.exactlyOne (this.Pipeline [ Array.map Bytes.ofString arguments ])

    interface IDisposable with
        member _.Dispose() = tcp.Dispose()

/// A redis-server process on a free loopback port, in an empty directory, without persistence unless it is asked for.
type OracleServer private (server: Process, port: int, directory: DirectoryInfo) =
    static let startTimeoutMs = 20_000
    static let attemptsMax = 5

    static let program =
        let folders = Environment.GetEnvironmentVariable("PATH") |> Option.ofObj

        (defaultArg folders "").Split Path.PathSeparator
        |> Array.map (fun folder -> Path.Combine(folder, "redis-server"))
        |> Array.tryFind File.Exists

    static let freePort () =
        use listener = new TcpListener(IPAddress.Loopback, 0)
        listener.Start()
        (listener.LocalEndpoint :?> IPEndPoint).Port

    /// What a shell does to become the server, with a watcher beside it that ends it when the tests no longer hold the
    /// other end of its input: so it goes even where the tests are killed.
    static let script = "exec 3<&0; (cat <&3; kill -9 $$) >/dev/null 2>&1 & exec \"$@\" 3<&-"

    static let launch (port: int) (directory: DirectoryInfo) (arguments: string list) =
        let start =
            ProcessStartInfo(
                "/bin/sh",
                [ "-c"; script; "sh"; Option.get program; "--port"; string port ]
                @ [ "--bind"; "127.0.0.1"; "--save"; ""; "--appendonly"; "no" ]
                @ [ "--daemonize"; "no"; "--logfile"; ""; "--dir"; directory.FullName ]
                @ arguments,
                RedirectStandardInput = true,
                RedirectStandardOutput = true
            )

        Process.Start start |> Unchecked.nonNull

    /// Reads the log until the server listens; false if that ends first, as it does when the port has just been taken, or
    /// takes too long.
    static let isReady (server: Process) =
        use timeout = new CancellationTokenSource(startTimeoutMs)

        let rec wait () =
            match server.StandardOutput.ReadLineAsync(timeout.Token).AsTask().GetAwaiter().GetResult() with
            | null -> false
            | line when line.Contains "Ready to accept connections" -> true
            | _ -> wait ()

        try
            wait ()
        with :? OperationCanceledException ->
            false

    static let stop (server: Process) =
        server.Kill()
        server.WaitForExit()
        server.Dispose()

    /// Why tests with an oracle cannot run here, or null.
    static member SkipReason: string | null =
        let isContinuousIntegration =
            not (String.IsNullOrEmpty(Environment.GetEnvironmentVariable "CI"))

        if program.IsSome || isContinuousIntegration then
            null
        else
            "skipped: no redis-server"

    /// Starts a server with more arguments, such as `--appendonly yes`, which win over those it has anyway.
    static member Start(arguments: string list) : OracleServer =
        if program.IsNone then
            invalidOp "redis-server is not on the PATH"

        let directory = Directory.CreateTempSubdirectory "redis-oracle-"

        let rec attempt left =
            let port = freePort ()
            let server = launch port directory arguments

            if isReady server then
                // Nobody reads the log any more, but a full pipe would stop the server.
                server.StandardOutput.BaseStream.CopyToAsync Stream.Null |> ignore
                new OracleServer(server, port, directory)
            else
                stop server

                if left > 1 then
                    attempt (left - 1)
                else
                    directory.Delete true
                    invalidOp $"redis-server did not start in {attemptsMax} attempts"

        attempt attemptsMax

    member _.Port = port

    /// Where it keeps its files.
    member _.Directory = directory.FullName

    member _.Connect() : OracleClient = new OracleClient(port)

    interface IDisposable with
        member _.Dispose() =
            stop server
            directory.Delete true

/// The server that the tests of the collection "oracle" share, started by the first that needs it, and a connection to it.
type Oracle() =
    let server = lazy OracleServer.Start []
    let client = lazy server.Value.Connect()

    member _.Server = server.Value
    member _.Client = client.Value
    member _.Pipeline(commands: byte[][] seq) = client.Value.Pipeline commands

    member _.Call([<ParamArray>] arguments: string[]) = client.Value.Call arguments

    interface IDisposable with
        member _.Dispose() =
            if client.IsValueCreated then
                (client.Value :> IDisposable).Dispose()

            if server.IsValueCreated then
                (server.Value :> IDisposable).Dispose()

[<CollectionDefinition("oracle")>]
type OracleCollection() =
    interface ICollectionFixture<Oracle>

/// A fact that needs the oracle.
type OracleFactAttribute() as this =
    inherit FactAttribute()
    do this.Skip <- OracleServer.SkipReason

/// A property that needs the oracle.
type OraclePropertyAttribute() as this =
    inherit RepeatablePropertyAttribute()
    do this.Skip <- OracleServer.SkipReason
