namespace TalosTailscale.Tests.Boot.Staging;

/// <summary>One way in which bringing an image onto the partition fails, and what must come of it.</summary>
/// <param name="Name">What goes wrong.</param>
/// <param name="ErrorId">The error of the swap; null where it helps itself and goes on.</param>
internal sealed record StagingFailure(string Name, string? ErrorId)
{
    private readonly Func<Stream, Stream>? _source;

    /// <summary>The word in the program's <c>error=</c> line; null where it is not the program that finds the failure.</summary>
    public string? Program { get; init; }

    /// <summary>The command of the program during which it goes wrong.</summary>
    public string During { get; init; } = "stage";

    /// <summary>Programs that take the place of the image's own, by name.</summary>
    public IReadOnlyDictionary<string, string> Programs { get; init; } = new Dictionary<string, string>();

    /// <summary>What happens on the node at that moment.</summary>
    public Action<StagingLab> Happens { get; init; } = _ => { };

    /// <summary>What is undone of it as soon as the command has ended.</summary>
    public Action<StagingLab> Ends { get; init; } = _ => { };

    /// <summary>Whether it goes wrong at every attempt; else at the first.</summary>
    public bool Always { get; init; }

    /// <summary>How much of the image lies on the partition already, from an earlier run.</summary>
    public int AlreadyThere { get; init; }

    /// <summary>What becomes of the image's file here.</summary>
    public Func<Stream, Stream> Source
    {
        get => _source ?? (source => source);
        init => _source = value;
    }

    /// <summary>Whether only the time limit ends it.</summary>
    public bool Stalls { get; init; }

    /// <summary>Whether it can go wrong too where the image is copied out of the shell's container, and nothing is sent.</summary>
    public bool WhenCopied => _source is null && AlreadyThere == 0 && !SentOnly;

    /// <summary>With nothing sent, which of two errors comes first is a race.</summary>
    public bool SentOnly { get; init; }

    private static Dictionary<string, string> Tool(string name, string text) => new() { [name] = text };

    private static string MountSays(string words) => $"echo \"mount: $*: {words}\" >&2; exit 32";

    private const string FailsToWrite = """
        [ ! -e "$TMPDIR/failed" ] || exec /usr/bin/dd "$@"
        case $* in *iflag=fullblock*) ;; *) exec /usr/bin/dd "$@" ;; esac
        case $* in bs=65536*) ;; *) exec /usr/bin/dd "$@" ;; esac
        touch "$TMPDIR/failed"
        /usr/bin/dd bs=65536 count=3 iflag=fullblock 2>/dev/null
        /usr/bin/dd bs=65536 count=1 iflag=fullblock of=/dev/null 2>/dev/null
        echo "dd: error writing 'standard output': Input/output error" >&2
        exit 1
        """;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<StagingFailure> All { get; } =
    [
        new("no folder to mount on", "NodeShellFailed")
        {
            Program = "NoTemporaryFolder",
            Programs = Tool("mktemp", "exit 1"),
        },
        new("no folder to work in", "NodeShellFailed")
        {
            Program = "NoTemporaryFolder",
            Programs = Tool("mktemp", "case $* in *stage.*) exit 1 ;; esac; exec /usr/bin/mktemp \"$@\""),
        },
        new("no pipe", "NodeShellFailed") { Program = "NoTemporaryFolder", Programs = Tool("mkfifo", "exit 1") },
        new("no such device", "EspMountFailed")
        {
            Program = "DeviceNotFound",
            Programs = Tool("mount", MountSays("special device does not exist.")),
        },
        new("mounted elsewhere", "EspMountFailed")
        {
            // The half minute of patience passes on the lab's clock.
            Programs = new Dictionary<string, string>
            {
                ["mount"] = MountSays("already mounted or mount point busy."),
                ["sleep"] = "exit 0",
            },
        },
        new("write-protected", "EspReadOnly")
        {
            Program = "ReadOnly",
            Programs = Tool("mount", MountSays("source write-protected, mounted read-only.")),
            Happens = lab => lab.Faults.EspReadOnly = true,
            Ends = lab => lab.Faults.EspReadOnly = false,
        },
        new("read-only file system", "EspWriteFailed")
        {
            Program = "WriteFailed",
            Happens = lab => lab.Faults.EspReadOnly = true,
            Ends = lab => lab.Faults.EspReadOnly = false,
        },
        new("no EFI/Linux", "EspMountFailed")
        {
            Program = "FolderNotFound",
            Happens = lab => Directory.Move(lab.Linux, lab.Linux + ".away"),
            Ends = lab => Directory.Move(lab.Linux + ".away", lab.Linux),
        },
        new("another's lock", "EspLocked") { Program = "Locked", Happens = lab => lab.WriteLock("another") },
        new("no lock", "EspLocked") { Program = "Locked", Happens = lab => File.Delete(lab.Lock) },
        new("file appears", null) { Happens = lab => File.WriteAllText(lab.Staged, "not of this image") },
        new("file appears again and again", "EspChanged")
        {
            Program = "FileExists",
            Always = true,
            Happens = lab => File.WriteAllText(lab.Staged, "not of this image"),
        },
        new("file changes", null)
        {
            AlreadyThere = StagingLab.Middle,
            Happens = lab => File.AppendAllText(lab.Staged, "one more line"),
        },
        new("file goes", null) { AlreadyThere = StagingLab.Middle, Happens = lab => File.Delete(lab.Staged) },
        new("disk does not write", "EspWriteFailed") { Program = "WriteFailed", Programs = Tool("dd", FailsToWrite) },
        new("disk fills up", "EspFull")
        {
            Program = "NoSpace",
            Happens = lab => lab.Faults.EspFreeBytes = StagingLab.Middle,
            Ends = lab => lab.Faults.EspFreeBytes = null,
        },
        new("node hashes otherwise", "EspHashMismatch") { Programs = Tool("cut", "printf '%064d\\n' 0") },
        new("partition stays mounted", "EspMountFailed")
        {
            Program = "UnmountFailed",
            Programs = Tool("umount", "echo \"umount: $1: target is busy.\" >&2; exit 32"),
        },
        new("disk gives back otherwise", "EspHashMismatch")
        {
            During = "verify",
            Program = "HashMismatch",
            Happens = lab => StagingLab.Damage(lab.Staged),
        },
        new("disk does not read", "EspReadFailed")
        {
            During = "verify",
            Program = "ReadFailed",
            Programs = new Dictionary<string, string> { ["dd"] = Unread("dd"), ["cat"] = Unread("cat") },
        },
        new("source ends early", "SwapSourceChanged")
        {
            Source = source => new EndingStream(source, StagingLab.Middle),
        },
        new("source is another", "SwapSourceChanged") { Source = source => new OtherStream(source) },
        new("source cannot be read", "IOException") { Source = source => new BrokenStream(source, StagingLab.Middle) },
        new("disk hangs", "*Stalled") { Stalls = true, Programs = Tool("dd", Hangs) },
        new("program is killed", "*Stalled")
        {
            Stalls = true,
            SentOnly = true,
            Programs = Tool("mkfifo", "kill -KILL $PPID"),
        },
    ];

    /// <summary>What can go wrong only where the image is copied out of the shell's container.</summary>
    public static IReadOnlyList<StagingFailure> OfCopies { get; } =
    [
        new("no image in the container", "EspChanged")
        {
            Program = "FileNotFound",
            Always = true,
            Happens = lab => File.Move(lab.Image, lab.Image + ".away"),
            Ends = lab => File.Move(lab.Image + ".away", lab.Image),
        },
    ];

    private const string Hangs = """
        case $* in *count=1* | *of=/dev/null*) exec /usr/bin/dd "$@" ;; esac
        exec sleep 600
        """;

    private static string Unread(string tool) =>
        $$"""
            case $* in
              *.new-*)
                echo "{{tool}}: error reading: Input/output error" >&2
                exit 1
                ;;
            esac
            exec /usr/bin/{{tool}} "$@"
            """;

    /// <inheritdoc/>
    public override string ToString() => Name;
}
