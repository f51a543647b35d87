namespace RedisClone.Protocol.Tests

open System
open System.IO
open System.Net
open System.Net.Sockets
open System.Threading
open RedisClone.Protocol

/// A server that knows nothing but a command table: it answers HELLO and COMMAND, so that clients can ask the table over
/// a connection as they ask a real server.
type TableServer<'handler>(table: CommandTable<'handler>) =
    let readBytes = 65536
    let listener = new TcpListener(IPAddress.Loopback, 0)
    do listener.Start()

    let answerCommand (arguments: Arguments) (writer: RespWriter) =
        let mutable command: Command<'handler> | null = null

        match table.Lookup(arguments, &command) with
        | CommandLookup.Found when not (isNull command) && not (command.Accepts arguments.Count) ->
            writer.Error(Errors.wrongArity command.FullName)
        | CommandLookup.Found when not (isNull command) ->
            match command.FullName with
            | "command" -> CommandInfo.all table writer
            | "command|count" -> CommandInfo.count table writer
            | "command|info" -> CommandInfo.info table arguments writer
            | "command|list" -> CommandInfo.list table arguments writer
            | "command|getkeys" -> CommandInfo.getKeys table arguments writer
            | "command|getkeysandflags" -> CommandInfo.getKeysAndFlags table arguments writer
            | "command|docs" -> CommandDocs.docs table arguments writer
            | "command|help" ->
                match command.Parent with
                | null -> ()
                | container -> CommandDocs.help container writer
            | name -> writer.Error $"ERR {name} is not for this server"
        | CommandLookup.UnknownSubcommand ->
            writer.Error(Errors.unknownSubcommand ((Bytes.toString arguments[0]).ToUpperInvariant(), arguments[1]))
        | _ -> writer.Error(Errors.unknownCommand arguments)

    let answer (arguments: Arguments) (writer: RespWriter) =
        if arguments.Count > 0 && Bytes.isWord "HELLO" arguments[0] then
            if arguments.Count > 1 then
                writer.Protocol <- Int32.Parse(Bytes.toString arguments[1])

            writer.Map 0
        elif arguments.Count > 0 then
            answerCommand arguments writer

    let serve (connection: TcpClient) =
        use connection = connection
        let stream = connection.GetStream()
        let reader = RespReader(RespLimits())
        let writer = RespWriter readBytes
        let mutable buffer: byte[] = Array.zeroCreate readBytes
        let mutable length = 0
        let mutable isOpen = true

        while isOpen do
            match reader.Read(buffer, 0, length) with
            | ReadStatus.Command ->
                try
                    answer reader.Arguments writer
                with error ->
                    // What is wrong shows in the test that asked, not in a process that ends.
                    writer.Truncate 0
                    writer.Error $"ERR {error.Message}"

                stream.Write writer.Written
                writer.Truncate 0
                Buffer.BlockCopy(buffer, reader.Consumed, buffer, 0, length - reader.Consumed)
                length <- length - reader.Consumed
            | ReadStatus.Incomplete ->
                if length = buffer.Length then
                    Array.Resize(&buffer, 2 * length)

                let read =
                    try
                        stream.Read(buffer, length, buffer.Length - length)
                    with :? IOException ->
                        0 // the client went without a word

                length <- length + read
                isOpen <- read > 0
            | _ -> isOpen <- false

    let accept () =
        try
            while true do
                let connection = listener.AcceptTcpClient()
                let thread = Thread((fun () -> serve connection), IsBackground = true)
                thread.Start()
        with
        | :? SocketException
        | :? InvalidOperationException -> () // the listener was stopped

    do
        let thread = Thread(accept, IsBackground = true)
        thread.Start()

    member _.Port = (listener.LocalEndpoint :?> IPEndPoint).Port

    interface IDisposable with
        member _.Dispose() = listener.Stop()
