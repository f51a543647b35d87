namespace RedisClone.Protocol.Tests

open System
open System.Text
open FsCheck.FSharp
open FsCheck.Xunit
open RedisClone.Protocol
open RedisClone.Protocol.Rows
open Xunit

module private Tables =
    let real = Commands.makeTable ()

    let row usage : Row<unit> = command usage [] (since "1.0.0") "" ()

    let named (name: string) =
        match real.FindFull(ReadOnlySpan(Bytes.ofString name)) with
        | null -> failwith $"no {name}"
        | command -> command

    /// Names that are likely to be taken for each other: prefixes, and bytes that differ in the bit of the case.
    let confusable =
        gen {
            let! name = Gen.elements [ for command in real.Commands -> command.FullName ]
            let bytes = Bytes.ofString name
            let! at = Gen.choose (0, bytes.Length - 1)
            let! change = Gen.elements [ 0uy; 0x20uy; 1uy; 0x80uy ]
            let! cut = Gen.elements [ 0; 0; 0; 1 ]
            bytes[at] <- bytes[at] ^^^ change
            return bytes[.. bytes.Length - 1 - cut]
        }

type CommandTableTests() =
    let table = Tables.real

    let sameWord (bytes: byte[]) (name: string) =
        bytes |> Array.forall (fun b -> b < 128uy)
        && (Encoding.ASCII.GetString bytes).Equals(name, StringComparison.OrdinalIgnoreCase)

    [<RepeatableProperty(MaxTest = 5000)>]
    member _.``a look-up finds what a comparison with every name finds``() =
        Prop.forAll
            (Arb.fromGen (Gen.oneof [ Tables.confusable; Gen.arrayOf (Gen.choose (0, 255) |> Gen.map byte) ]))
            (fun name ->
                let expected =
                    table.Commands |> Array.tryFind (fun command -> sameWord name command.FullName)

                match table.FindFull(ReadOnlySpan name), expected with
                | null, None -> true
                | found, Some command -> obj.ReferenceEquals(found, command)
                | _ -> false)

    [<Fact>]
    member _.``every command is found by its name in any case, and its number is its place``() =
        table.Commands
        |> Array.iteri (fun i command ->
            Assert.Equal(i, command.Id)

            for name in [ command.FullName; command.FullName.ToUpperInvariant() ] do
                Assert.Same(command, table.FindFull(ReadOnlySpan(Bytes.ofString name))))

    [<Fact>]
    member _.``a subcommand is found only in its container``() =
        Assert.Null(table.Find(ReadOnlySpan "kill"B))
        Assert.Null(table.FindFull(ReadOnlySpan "config|kill"B))
        Assert.Same(Tables.named "client|kill", table.FindFull(ReadOnlySpan "client|KILL"B))
        Assert.Same(Tables.named "client", (Tables.named "client|kill").Parent)

    [<Fact>]
    member _.``subcommands of one name in many containers are kept apart``() =
        let containers = [ for i in 1..20_000 -> $"C{i}" ]

        let many =
            CommandTable<unit>
                [
                    for name in containers do
                        container name (since "1.0.0") ""
                        Tables.row $"{name} HELP"
                ]

        for name in containers do
            match many.FindFull(ReadOnlySpan(Bytes.ofString $"{name}|help")) with
            | null -> Assert.Fail name
            | command -> Assert.Equal($"{name.ToLowerInvariant()}|help", command.FullName)

    [<Theory>]
    [<InlineData("GET k", CommandLookup.Found, "get")>]
    [<InlineData("nosuch get", CommandLookup.UnknownCommand, null)>]
    [<InlineData("CLIENT", CommandLookup.Found, "client")>]
    [<InlineData("client Kill x", CommandLookup.Found, "client|kill")>]
    [<InlineData("client nosuch", CommandLookup.UnknownSubcommand, "client")>]
    [<InlineData("command", CommandLookup.Found, "command")>]
    [<InlineData("client|kill x", CommandLookup.UnknownCommand, null)>]
    member _.``a received command is looked up with its subcommand``
        (line: string)
        (expected: CommandLookup)
        (name: string | null)
        =
        let mutable command: Command<Handler> | null = null

        let arguments = Arguments.OfArrays(line.Split ' ' |> Array.map Bytes.ofString)

        Assert.Equal(expected, table.Lookup(arguments, &command))

        match command with
        | null -> Assert.Null name
        | command -> Assert.Equal(name, command.FullName)

    [<Fact>]
    member _.``a table refuses two commands of one name, and a subcommand without a container``() =
        let refuses (usages: string list) =
            Assert.ThrowsAny<ArgumentException>(fun () -> CommandTable<unit>(List.map Tables.row usages) |> ignore)
            |> ignore

        refuses [ "GET key"; "GET key value" ]
        refuses [ "CLIENT ..."; "CLIENT ID"; "CLIENT ID" ]
        refuses [ "CLIENT ID" ]

    [<Fact>]
    member _.``looking up allocates nothing``() =
        let names = [| "get"B; "HINCRBYFLOAT"B; "client|no-touch"B; "nosuch"B; ""B |]
        let arguments = Arguments.OfArrays [| "CLIENT"B; "KILL"B; "x"B |]
        let mutable command: Command<Handler> | null = null
        let mutable found = 0

        let run times =
            for i in 1..times do
                for name in names do
                    if not (isNull (table.FindFull(ReadOnlySpan name))) then
                        found <- found + 1

                if table.Lookup(arguments, &command) = CommandLookup.Found then
                    found <- found + 1

        run 100
        let before = GC.GetAllocatedBytesForCurrentThread()
        run 100
        Assert.Equal(0L, GC.GetAllocatedBytesForCurrentThread() - before)
        Assert.Equal(800, found)

    [<Fact>]
    member _.``the keys of a call are found without allocation``() =
        let set = Tables.named "set"
        let mset = Tables.named "mset"
        let found = KeyPositions()
        let one = Arguments.OfArrays [| "SET"B; "k"B; "v"B; "GET"B |]
        let many = Arguments.OfArrays [| "MSET"B; "a"B; "1"B; "b"B; "2"B |]

        let run () =
            set.CollectKeys(one, found) && found.Count = 1 && mset.CollectKeys(many, found)

        Assert.True(run ())
        Assert.Equal(2, found.Count)
        Assert.Equal(3, found.Position 1)
        let before = GC.GetAllocatedBytesForCurrentThread()
        Assert.True(run ())
        Assert.Equal(0L, GC.GetAllocatedBytesForCurrentThread() - before)

    [<RepeatableProperty(MaxTest = 300)>]
    member _.``keys lie within the command, whatever the arguments``() =
        let table = OddRows.table

        let words =
            Gen.elements [ "1"; "2"; "-1"; "99999999999"; "STREAMS"; "STORE"; "KEYS"; "a"; "" ]

        let arguments =
            Gen.choose (0, 9) |> Gen.bind (fun count -> Gen.listOfLength count words)

        let found = KeyPositions()

        Prop.forAll (Arb.fromGen arguments) (fun words ->
            let arguments =
                Arguments.OfArrays [| for word in "name" :: words -> Bytes.ofString word |]

            table.Commands
            |> Array.forall (fun command ->
                not (command.CollectKeys(arguments, found))
                || Seq.forall
                    (fun i -> found.Position i > 0 && found.Position i < arguments.Count)
                    (seq { 0 .. found.Count - 1 })))
