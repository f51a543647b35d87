namespace RedisClone.Protocol

open System
open System.Runtime.InteropServices
open System.Runtime.Intrinsics

/// An inner node of a counted tree: up to 64 children with, for each, how many items are in it and the first eight bytes
/// of its smallest item. The children are leaf pages on level 1, nodes above. No decisions here: those are
/// `CountedTree`'s.
[<Sealed; AllowNullLiteral>]
type TreeNode =
    val mutable Epoch: int64
    val Level: int
    /// The number of children.
    val mutable Count: int
    val mutable Prefixes: uint64[]
    val mutable Counts: int[]
    /// On level 1.
    val mutable Leaves: byte[][]
    /// On level 1, where a leaf has long items; null when none has.
    val mutable References: Blob[][]
    /// Above level 1.
    val mutable Nodes: TreeNode[]

    /// The most children.
    static member Fanout = 64

    new(epoch: int64, level: int, capacity: int) =
        {
            Epoch = epoch
            Level = level
            Count = 0
            Prefixes = Array.zeroCreate capacity
            Counts = Array.zeroCreate capacity
            Leaves = if level = 1 then Array.zeroCreate capacity else null
            References = null
            Nodes = if level = 1 then null else Array.zeroCreate capacity
        }

    private new(epoch: int64, source: TreeNode) =
        let copyOf (array: 'item[]) =
            if isNull array then null else Array.copy array

        {
            Epoch = epoch
            Level = source.Level
            Count = source.Count
            Prefixes = Array.copy source.Prefixes
            Counts = Array.copy source.Counts
            Leaves = copyOf source.Leaves
            References = copyOf source.References
            Nodes = copyOf source.Nodes
        }

    member this.Copy(epoch: int64) = TreeNode(epoch, this)

    /// The memory of the node, without its children and what is beside them, in bytes.
    member this.MemoryBytes =
        Sizeof.array this.Counts.Length 20 + 2L * Sizeof.ArrayHead + 72L

    /// The references beside a leaf, or null.
    member this.ReferencesOf(child: int) : Blob[] =
        if isNull this.References then
            null
        else
            this.References[child]

    member this.SetReferences(child: int, references: Blob[]) =
        if not (isNull this.References) then
            this.References[child] <- references
        elif not (isNull references) then
            this.References <- Array.zeroCreate this.Leaves.Length
            this.References[child] <- references

    /// How many items the first children have.
    member this.ItemsBefore(child: int) : int =
        let counts = &MemoryMarshal.GetArrayDataReference this.Counts
        let mutable sum = Vector256<int>.Zero
        let mutable i = 0

        while i + 8 <= child do
            sum <- sum + Vector256.LoadUnsafe(&counts, unativeint i)
            i <- i + 8

        let mutable total = Vector256.Sum sum

        while i < child do
            total <- total + this.Counts[i]
            i <- i + 1

        total

    /// How many items there are below.
    member this.Total = this.ItemsBefore this.Count

    /// The child that has the item at `index`, which becomes the index in that child.
    member this.ChildAt(index: byref<int>) : int =
        let counts = &MemoryMarshal.GetArrayDataReference this.Counts
        let mutable child = 0
        let mutable rest = index
        let mutable skipping = true

        while skipping && child + 8 < this.Count do
            let eight = Vector256.Sum(Vector256.LoadUnsafe(&counts, unativeint child))

            if rest >= eight then
                rest <- rest - eight
                child <- child + 8
            else
                skipping <- false

        while child < this.Count - 1 && rest >= this.Counts[child] do
            rest <- rest - this.Counts[child]
            child <- child + 1

        index <- rest
        child

    /// The first child, from `low` up to `high`, whose prefix is not less; `high` if there is none.
    member private this.PrefixBound(prefix: uint64, low: int, high: int) : int =
        let mutable low = low
        let mutable high = high

        while low < high do
            let middle = (low + high) >>> 1

            if this.Prefixes[middle] < prefix then
                low <- middle + 1
            else
                high <- middle

        low

    /// The smallest item below a child.
    member private this.Smallest(child: int) : ReadOnlySpan<byte> =
        let mutable node = this
        let mutable at = child

        while node.Level > 1 do
            node <- node.Nodes[at]
            at <- 0

        LeafPage.item node.Leaves[at] (node.ReferencesOf at) 0

    /// The last child whose smallest item is not more than the key, or the first child. Looks at items only where
    /// prefixes are equal.
    member this.ChildFor(key: ReadOnlySpan<byte>, prefix: uint64) : int =
        // The first child cannot be ruled out, so only the others are asked.
        let first = this.PrefixBound(prefix, 1, this.Count)
        let mutable low = first

        if first < this.Count && this.Prefixes[first] = prefix then
            let mutable high =
                if prefix = UInt64.MaxValue then
                    this.Count
                else
                    this.PrefixBound(prefix + 1UL, first, this.Count)

            while low < high do
                let middle = (low + high) >>> 1

                if (this.Smallest middle).SequenceCompareTo key <= 0 then
                    low <- middle + 1
                else
                    high <- middle

        low - 1

    /// Makes room for a child, and for more when the arrays are full. There must be fewer than `Fanout`.
    member this.Open(at: int) =
        if this.Count = this.Counts.Length then
            let capacity = min TreeNode.Fanout (this.Count * 4)

            let resized (array: 'item[]) : 'item[] =
                if isNull array then
                    null
                else
                    let grown = Array.zeroCreate capacity
                    Array.Copy(array, grown, array.Length)
                    grown

            this.Prefixes <- resized this.Prefixes
            this.Counts <- resized this.Counts
            this.Leaves <- resized this.Leaves
            this.References <- resized this.References
            this.Nodes <- resized this.Nodes

        this.Move(this, at, at + 1, this.Count - at)
        this.Count <- this.Count + 1

        if not (isNull this.References) then
            this.References[at] <- null

    /// Copies children into a node that has the capacity for them; the counts of children stay.
    member private this.Move(target: TreeNode, from: int, into: int, children: int) =
        Array.Copy(this.Prefixes, from, target.Prefixes, into, children)
        Array.Copy(this.Counts, from, target.Counts, into, children)

        if this.Level > 1 then
            Array.Copy(this.Nodes, from, target.Nodes, into, children)
        else
            Array.Copy(this.Leaves, from, target.Leaves, into, children)

            if not (isNull this.References) then
                if isNull target.References then
                    target.References <- Array.zeroCreate target.Leaves.Length

                Array.Copy(this.References, from, target.References, into, children)
            elif not (isNull target.References) then
                Array.Clear(target.References, into, children)

    /// Takes children out.
    member this.Close(at: int, children: int) =
        this.Move(this, at + children, at, this.Count - at - children)
        this.Truncate(this.Count - children)

    /// Forgets all children but the first.
    member this.Truncate(children: int) =
        let dropped = this.Count - children
        this.Count <- children

        if this.Level > 1 then
            Array.Clear(this.Nodes, children, dropped)
        else
            Array.Clear(this.Leaves, children, dropped)

            if not (isNull this.References) then
                Array.Clear(this.References, children, dropped)

    /// Adds the children from `from` on of another node at the end, which must have the capacity.
    member this.AddChildren(source: TreeNode, from: int) =
        source.Move(this, from, this.Count, source.Count - from)
        this.Count <- this.Count + source.Count - from

    /// Sets what is known of a child on level 1.
    member this.SetLeaf(child: int, page: byte[], references: Blob[]) =
        this.Leaves[child] <- page
        this.SetReferences(child, references)
        this.NoteLeaf child

    /// Notes anew how many items a leaf has, and its prefix.
    member this.NoteLeaf(child: int) =
        let page = this.Leaves[child]
        let count = (LeafPage.header page).Count
        this.Counts[child] <- count

        this.Prefixes[child] <-
            if count = 0 then
                0UL
            else
                LeafPage.prefixAt page (this.ReferencesOf child) 0

    /// Notes anew how many items a node has, and its prefix.
    member this.NoteNode(child: int) =
        let node = this.Nodes[child]
        this.Counts[child] <- node.Total
        this.Prefixes[child] <- node.Prefixes[0]
