namespace RedisClone.Protocol.Tests.Evaluation

open System
open System.Collections.Generic
open RedisClone.Protocol
open RedisClone.Protocol.Interop

/// What a key holds.
type Content =
    {
        Kind: Kind
        /// Of a string its bytes under the empty name, of a hash its fields, of a set its members without values, of a
        /// sorted set its members with their scores,
        /// of a list its elements by their positions, of a stream its entries by their ids, and notes.
        Value: Map<string, string>
        /// Of the fields of a hash that have one.
        FieldDeadlines: Map<string, int64>
        Deadline: int64
    }

/// What the databases hold: a map for each.
type Contents = Map<string, Content>[]

[<RequireQualifiedAccess>]
module Contents =
    let private elementsOf (entry: byref<Entry>) : Map<string, string> =
        let mutable walk = ListValue.cursorAt (&entry, 0)
        let elements = List<string * string>()

        while walk.Next() do
            elements.Add((string walk.Index, Bytes.toString walk.Item))

        if elements.Count = 0 || elements.Count <> ListValue.count &entry then
            failwith $"a list of {ListValue.count &entry} elements has {elements.Count}"

        Map.ofSeq elements

    /// The scores of members, which must be in order, and the same by order and by member.
    let private scoresOf (entry: byref<Entry>) : Map<string, string> =
        let set = SortedSetValue.view &entry
        let mutable cursor = SortedSetValue.cursorAt set 0
        let scores = List<struct (double * string)>()

        while cursor.Next() do
            let name = Bytes.toString cursor.Member
            let mutable score = nan

            if
                not (SortedSetValue.tryScore (&set, cursor.Member, &score))
                || score <> cursor.Score
            then
                failwith $"the score of {name} is {cursor.Score} by order and {score} by member"

            scores.Add(struct (score, name))

        let inOrder
            (struct (score, name): struct (double * string))
            (struct (next, nextName): struct (double * string))
            =
            score < next || (score = next && String.CompareOrdinal(name, nextName) < 0)

        for i in 1 .. scores.Count - 1 do
            if not (inOrder scores[i - 1] scores[i]) then
                failwith $"{scores[i - 1]} before {scores[i]}"

        if scores.Count = 0 || scores.Count <> set.Count then
            failwith $"a sorted set of {set.Count} members has {scores.Count}"

        // Zero may lose its sign.
        Map.ofSeq (Seq.map (fun (struct (score, name): struct (double * string)) -> name, string (score + 0.0)) scores)

    let private membersOf (entry: byref<Entry>) : Map<string, string> =
        let mutable walk = SetValue.members &entry
        let members = List<string>()

        while walk.Next() do
            members.Add(Bytes.toString walk.Member)

        let value = Map.ofSeq (Seq.map (fun name -> name, "") members)

        if
            value.Count = 0
            || value.Count <> SetValue.count &entry
            || value.Count <> members.Count
        then
            failwith $"a set of {SetValue.count &entry} members has {members.Count}, {value.Count} of them different"

        value

    let private fieldDeadlinesOf (entry: byref<Entry>) : Map<string, int64> =
        let mutable deadlines = Map.empty

        if Kinds.isHash entry.Kind then
            let mutable walk = HashValue.fields &entry

            while walk.Next() do
                if walk.Deadline <> Page.NoDeadline then
                    deadlines <- deadlines.Add(Bytes.toString walk.Field, walk.Deadline)

        deadlines

    /// Entries by their ids; what else there is to know under names that begin with a sign: `#` for what the stream
    /// remembers, `@` for its groups.
    let private entriesOf (entry: byref<Entry>) : Map<string, string> =
        let stream = StreamValue.dataOf &entry
        let found = List<string * string>()
        let room = RespWriter 64

        let text id =
            Bytes.toString (StreamIds.textInto room id)

        let name (bytes: byte[]) = Bytes.toString (ReadOnlySpan bytes)
        let mutable cursor = StreamCursor(stream, StreamIds.min, StreamIds.max, false)

        while found.Count < stream.Length && cursor.Next() do
            let fields = List<string>()

            for _ in 1 .. cursor.Fields do
                cursor.NextField()
                fields.Add(Bytes.toString cursor.Field)
                fields.Add(Bytes.toString cursor.Value)

            found.Add((text cursor.Id, String.Join("|", fields)))

        let mutable backwards = StreamCursor(stream, StreamIds.min, StreamIds.max, true)

        for index in found.Count - 1 .. -1 .. 0 do
            if not (backwards.Next()) || text backwards.Id <> fst found[index] then
                failwith $"backwards, entry {index} is not {fst found[index]}"

        if found.Count <> stream.Length then
            failwith $"a stream of {stream.Length} entries has {found.Count}"

        found.Add(("#", $"{text stream.LastId} {text stream.MaxDeletedId} {stream.EntriesAdded}"))

        for rank in 0 .. stream.GroupCount - 1 do
            let group = stream.Group rank
            let named = "@" + name group.Name
            found.Add((named, $"{text group.LastId} {group.EntriesRead}"))
            let mutable pending = 0

            for rank in 0 .. group.ConsumerCount - 1 do
                let consumer = group.Consumer(group.SlotAt rank)
                found.Add(($"{named}@{name consumer.Name}", string consumer.PendingCount))
                pending <- pending + consumer.PendingCount

            if pending <> group.PendingCount then
                failwith $"{group.PendingCount} entries are pending, and {pending} for consumers"

            for index in 0 .. group.PendingCount - 1 do
                let entry = group.PendingAt index
                let consumer = name (group.Consumer entry.Consumer).Name
                found.Add(($"{named}@@{text entry.Id}", $"{consumer} {entry.DeliveryTime} {entry.DeliveryCount}"))

        Map.ofSeq found

    let private contentOf (entry: byref<Entry>) : Content =
        let value =
            if Kinds.isString entry.Kind then
                Map.ofList [ "", Bytes.toString entry.Value ]
            elif Kinds.isSet entry.Kind then
                membersOf &entry
            elif Kinds.isList entry.Kind then
                elementsOf &entry
            elif Kinds.isSortedSet entry.Kind then
                scoresOf &entry
            elif Kinds.isStream entry.Kind then
                entriesOf &entry
            else
                let mutable walk = HashValue.fields &entry
                let fields = List<struct (string * string)>()

                while walk.Next() do
                    fields.Add(struct (Bytes.toString walk.Field, Bytes.toString walk.Value))

                if fields.Count = 0 || fields.Count <> HashValue.count &entry then
                    failwith $"a hash of {HashValue.count &entry} fields has {fields.Count}"

                let value = Map.ofSeq (seq { for struct (field, value) in fields -> field, value })

                if value.Count <> fields.Count then
                    failwith "a hash has a field twice"

                value

        {
            // The log, as in Redis, tells a number's value and not how it came about.
            Kind =
                if entry.Kind = Kind.TextString then
                    Kind.String
                else
                    entry.Kind
            Value = value
            FieldDeadlines = fieldDeadlinesOf &entry
            Deadline = entry.Deadline
        }

    let private ofWalk (walk: Walk) (count: int) (deadlines: int) : Map<string, Content> =
        let mutable walk = walk
        let mutable entry = Entry()
        let mutable contents = Map.empty
        let mutable withDeadline = 0

        while walk.Next &entry do
            contents <- contents.Add(Bytes.toString entry.Key, contentOf &entry)

            if entry.Deadline <> Page.NoDeadline then
                withDeadline <- withDeadline + 1

        if contents.Count <> count || withDeadline <> deadlines then
            failwith
                $"a table of {count} keys, {deadlines} of them with a deadline, has {contents.Count} and {withDeadline}"

        contents

    /// What live databases hold, without freezing them.
    let ofKeyspace (keyspace: Keyspace) : Contents =
        keyspace.Databases
        |> Array.map (fun database -> ofWalk (database.Table.Walk()) database.Table.Count database.Table.DeadlineCount)

    let ofFrozen (frozen: FrozenKeyspace) : Contents =
        frozen.Tables
        |> Array.map (fun table -> ofWalk (table.Walk()) table.Count table.DeadlineCount)

    /// The contents without what a value once was, which is lost where only the value is written down.
    let values (contents: Contents) : Contents =
        let plain (content: Content) =
            { content with
                Kind =
                    if Kinds.isString content.Kind then Kind.String
                    elif Kinds.isSet content.Kind then Kind.Set
                    elif Kinds.isList content.Kind then Kind.List
                    elif Kinds.isSortedSet content.Kind then Kind.SortedSet
                    elif Kinds.isStream content.Kind then Kind.Stream
                    else Kind.Hash
            }

        contents |> Array.map (Map.map (fun _ content -> plain content))

    /// The contents without what some of it is not told of: the groups of streams, or all that a stream
    /// remembers besides its entries.
    let withoutNotes (onlyGroups: bool) (contents: Contents) : Contents =
        let isKept (name: string) =
            not (name.StartsWith '@') && (onlyGroups || not (name.StartsWith '#'))

        let kept (content: Content) =
            if Kinds.isStream content.Kind then
                { content with
                    Value = content.Value |> Map.filter (fun name _ -> isKept name)
                }
            else
                content

        contents |> Array.map (Map.map (fun _ content -> kept content))

    /// The keys that are due, with their databases; of keys that are not, the fields that are.
    let due (now: int64) (contents: Contents) : Set<int * string * string option> =
        set
            [
                for index in 0 .. contents.Length - 1 do
                    for pair in contents[index] do
                        if pair.Value.Deadline <= now then
                            index, pair.Key, None
                        else
                            for field in pair.Value.FieldDeadlines do
                                if field.Value <= now then
                                    index, pair.Key, Some field.Key
            ]

    /// The contents without some keys and fields, and without hashes that have no field left.
    let without (gone: Set<int * string * string option>) (contents: Contents) : Contents =
        let remaining index key (content: Content) =
            let stays field _ =
                not (gone.Contains((index, key, Some field)))

            { content with
                Value = Map.filter stays content.Value
                FieldDeadlines = Map.filter stays content.FieldDeadlines
            }

        contents
        |> Array.mapi (fun index database ->
            database
            |> Map.filter (fun key _ -> not (gone.Contains((index, key, None))))
            |> Map.map (remaining index)
            |> Map.filter (fun _ content -> not content.Value.IsEmpty))

    /// Raises with the keys whose content is not the same.
    let expectSame (expected: Contents) (actual: Contents) =
        if expected <> actual then
            for index in 0 .. expected.Length - 1 do
                for key in Seq.append expected[index].Keys actual[index].Keys do
                    let wanted = expected[index].TryFind key
                    let got = actual[index].TryFind key

                    if wanted <> got then
                        failwith $"%A{key} of database {index} holds %A{got} instead of %A{wanted}"

/// A command that was carried out, and what it answered.
type Answer = { Command: string; Reply: Reply }

/// What a step did: the answers of its commands, and what it logged.
type Effect =
    {
        Step: Step
        Answers: Answer list
        Journal: byte[]
    }

/// Evaluates steps as the host does: one session, one journal. The same seed gives the same numbers by chance.
///
/// Every command is checked to write one whole reply and nothing else.
[<Sealed>]
type Evaluator(keyspace: Keyspace, seed: uint64, now: int64) =
    static let commands = CommandSet()

    /// A reply that gets longer is dropped, as that of a client who asked for too much.
    let replyBytesMax = 4 * 1024 * 1024

    let journal = Journal(RespWriter 1024)

    let call =
        Call(
            keyspace,
            journal,
            Limits(StringLengthMax = Generators.StringLengthMax, StreamNodeEntriesMax = Generators.StreamNodeEntriesMax),
            Now = now
        )

    let reply = RespWriter(1024, LengthMax = replyBytesMax, DropsOverflow = true)
    let mutable seeds = SplitMix64 seed
    let mutable database = 0

    /// An evaluator of empty databases. `hashSeed` decides in which order keys lie.
    new(hashSeed: uint64, seed: uint64) = Evaluator(Keyspace(hashSeed, Generators.Databases), seed, Generators.Start)

    new() = Evaluator(1UL, 2UL)

    member _.Keyspace = keyspace
    member _.Call = call
    member _.Journal = journal

    member _.Protocol
        with get () = reply.Protocol
        and set (version: int) = reply.Protocol <- version

    /// Takes a frozen version after every command, so that nothing is ever edited in place.
    member val Freezes = false with get, set

    /// Removes all that is due before every command.
    member val IsEager = false with get, set

    member _.Contents = Contents.ofKeyspace keyspace

    /// The digest; this freezes the keyspace.
    member _.Digest() = Digest.ofKeyspace (keyspace.Freeze())

    /// An evaluator that goes on from a frozen version as this one would from here.
    member this.GoOnFrom(frozen: FrozenKeyspace) : Evaluator =
        let other = Evaluator(Keyspace frozen, 0UL, call.Now)
        other.Take(database, seeds)
        other.Protocol <- this.Protocol
        other

    member private _.Take(selected: int, chance: SplitMix64) =
        database <- selected
        seeds <- chance

    /// The full name of the command that is asked for; empty if there is none.
    static member NameOf(arguments: Arguments) : string =
        let mutable command = null

        match commands.Lookup(arguments, &command) with
        | CommandLookup.Found -> command.FullName
        | _ -> ""

    /// Whether a command only reads, and does not even keep what it found out.
    static member IsReadOnly(arguments: Arguments) : bool =
        let mutable command = null

        commands.Lookup(arguments, &command) = CommandLookup.Found
        && command.Has CommandFlags.ReadOnly
        && not (command.Has CommandFlags.MayReplicate)

    member private _.TakeReply() : Reply =
        if reply.IsOverflown then
            Reply.Error "the reply is too long"
        else
            let reader = ReplyReader(ReplyLimits())
            let status = reader.Read(reply.Buffer, 0, reply.Length)

            if status <> ReplyStatus.Reply || reader.Consumed <> reply.Length then
                failwith $"not one whole reply: %A{Bytes.toString reply.Written}"

            reader.Value

    member _.SelectDatabase(index: int) = database <- index

    /// Carries one command out.
    member this.Run(arguments: Arguments) : Reply =
        let mutable command = null
        let found = commands.Lookup(arguments, &command)

        if this.IsEager then
            Evaluate.expireDue call Int32.MaxValue |> ignore

        if found <> CommandLookup.Found || command.IsHosted then
            Reply.Error "no command of the library"
        elif not (command.Accepts arguments.Count) then
            Reply.Error(Errors.wrongArity command.FullName)
        else
            reply.Reset replyBytesMax
            call.Args <- arguments
            call.Reply <- reply
            call.Database <- keyspace.Databases[database]
            call.Seed <- seeds.Next()
            command.Run call

            if this.Freezes then
                keyspace.Freeze() |> ignore

            this.TakeReply()

    member this.Run([<ParamArray>] words: string[]) : Reply =
        this.Run(Arguments.OfArrays(Array.map Bytes.ofString words))

    member private this.Answer(request: Request) : Answer =
        let arguments = request.Arguments

        {
            Command = Evaluator.NameOf arguments
            Reply = this.Run arguments
        }

    /// What was logged since it was last asked for.
    member _.TakeJournal() : byte[] =
        let written = journal.Writer.Written.ToArray()
        journal.Writer.Truncate 0
        written

    member this.Do(step: Step) : Effect =
        let answers =
            match step with
            | Request request -> [ this.Answer request ]
            | Batch requests ->
                journal.BeginBatch()
                let answers = List.map this.Answer requests
                journal.EndBatch()
                answers
            | Select index ->
                database <- index
                []
            | Advance milliseconds ->
                call.Now <- call.Now + milliseconds
                []
            | ExpireDue most ->
                let removed = Evaluate.expireDue call most

                [
                    {
                        Command = "expire due"
                        Reply = Reply.Integer(int64 removed)
                    }
                ]

        if this.Freezes then
            keyspace.Freeze() |> ignore

        {
            Step = step
            Answers = answers
            Journal = this.TakeJournal()
        }

    member this.DoAll(steps: Step list) : Effect list = List.map this.Do steps

    /// Carries out the commands of a batch and takes all of it back; the draws of chance too.
    member this.DoInVain(requests: Request list) =
        let chance = seeds
        let frozen = keyspace.Freeze()
        journal.BeginBatch()

        for request in requests do
            this.Answer request |> ignore

        journal.RollBack()
        journal.EndBatch()
        keyspace.Restore frozen
        this.Take(database, chance)

/// Reading what was logged.
[<RequireQualifiedAccess>]
module Log =

    /// Goes along the commands of a log.
    let iterate (log: byte[]) (visit: Arguments -> unit) =
        let reader = RespReader(RespLimits())
        let mutable position = 0

        while position < log.Length do
            if reader.Read(log, position, log.Length) <> ReadStatus.Command then
                failwith $"no command at {position} of %A{Bytes.toString (ReadOnlySpan log)}"

            visit reader.Arguments
            position <- position + reader.Consumed

    let private wordsOf (arguments: Arguments) =
        [ for i in 0 .. arguments.Count - 1 -> Bytes.toString arguments[i] ]

    /// The commands of a log without SELECT, each behind the database it is for (-1 before the first SELECT).
    let commands (log: byte[]) : (int * string list) list =
        let mutable database = -1
        let found = List<int * string list>()

        iterate log (fun arguments ->
            match wordsOf arguments with
            | [ "SELECT"; index ] -> database <- int index
            | words -> found.Add(database, words))

        List.ofSeq found

/// Carries a log out as a server does that starts. Its clock and its hashes have nothing to do with those of the server
/// that wrote the log.
[<Sealed>]
type Replayer() =
    let farFuture = 4_000_000_000_000L
    let evaluator = Evaluator(Keyspace(99UL, Generators.Databases), 77UL, farFuture)
    let mutable inBatch = false

    do
        evaluator.Call.Loading <- true
        evaluator.Journal.Enabled <- false

    member _.Evaluator = evaluator

    member private _.Carry(arguments: Arguments) =
        match Bytes.toString arguments[0] with
        | "SELECT" -> evaluator.SelectDatabase(int (Bytes.toString arguments[1]))
        | "MULTI" when not inBatch -> inBatch <- true
        | "EXEC" when inBatch -> inBatch <- false
        | _ ->
            match evaluator.Run(arguments.Keep()) with
            | Reply.Error text -> failwith $"the log holds a command that fails: {text}"
            | _ -> ()

    member this.Replay(log: byte[]) =
        Log.iterate log this.Carry

        if inBatch then
            failwith "the log ends inside a transaction"

    member _.Contents = evaluator.Contents
    member _.Digest() = evaluator.Digest()
