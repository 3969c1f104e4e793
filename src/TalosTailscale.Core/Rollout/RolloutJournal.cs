using System.Text.Json;
using System.Text.Json.Serialization;

namespace TalosTailscale.Core.Rollout;

/// <summary>
/// What rollouts on a cluster have begun and ended, one JSON object a line, in a file that is only appended to. An entry
/// that resuming depends on is on the disk before <see cref="WriteAsync"/> ends; entries of several nodes share a flush.
/// </summary>
internal sealed class RolloutJournal : IAsyncDisposable
{
    private readonly object _lock = new();
    private readonly Dictionary<string, RolloutMemory> _memories = new(StringComparer.Ordinal);
    private readonly FileStream _file;
    private MemoryStream _waiting = new();
    private TaskCompletionSource? _flushed;
    private Task _writing = Task.CompletedTask;

    private readonly FileStream? _held;

    private RolloutJournal(FileStream file, FileStream? held) => (_file, _held) = (file, held);

    /// <summary>Where the journal is.</summary>
    internal string Path => _file.Name;

    /// <summary>How many lines could not be read.</summary>
    internal int Unreadable { get; private set; }

    /// <summary>
    /// The folder where none is given: the one that TALOSTAILSCALE_STATE names, else TalosTailscale/rollouts below
    /// XDG_STATE_HOME (~/.local/state), on Windows below the local application data.
    /// </summary>
    internal static string DefaultFolder
    {
        get
        {
            if (Environment.GetEnvironmentVariable("TALOSTAILSCALE_STATE") is { Length: > 0 } given)
                return System.IO.Path.GetFullPath(given);
            string state =
                OperatingSystem.IsWindows()
                    ? Environment.GetFolderPath(
                        Environment.SpecialFolder.LocalApplicationData,
                        Environment.SpecialFolderOption.DoNotVerify
                    )
                : Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } xdg
                && System.IO.Path.IsPathRooted(xdg)
                    ? xdg
                : System.IO.Path.Combine(
                    Environment.GetFolderPath(
                        Environment.SpecialFolder.UserProfile,
                        Environment.SpecialFolderOption.DoNotVerify
                    ),
                    ".local",
                    "state"
                );
            return System.IO.Path.Combine(state, "TalosTailscale", "rollouts");
        }
    }

    /// <summary>The file of a cluster.</summary>
    internal static string PathOf(string folder, string cluster) => System.IO.Path.Combine(folder, cluster + ".jsonl");

    /// <summary>What a journal remembers, without holding it; nothing where there is none.</summary>
    internal static async Task<IReadOnlyDictionary<string, RolloutMemory>> ReadAsync(
        string path,
        CancellationToken cancellationToken
    )
    {
        if (!File.Exists(path))
            return new Dictionary<string, RolloutMemory>();
        var file = new FileStream(
            path,
            new FileStreamOptions
            {
                Access = FileAccess.Read,
                Share = FileShare.ReadWrite,
                Options = FileOptions.Asynchronous,
            }
        );
        var journal = new RolloutJournal(file, null);
        await using (journal.ConfigureAwait(false))
        {
            await journal.LoadAsync(cancellationToken).ConfigureAwait(false);
            return journal._memories;
        }
    }

    /// <summary>Opens, or makes, the journal of a cluster; nobody else can meanwhile.</summary>
    /// <exception cref="TsException"><c>RolloutJournalBusy</c>, <c>RolloutJournalNotWritten</c>.</exception>
    internal static async Task<RolloutJournal> OpenAsync(string path, CancellationToken cancellationToken)
    {
        // Held by a file of its own, so that a plan can be made from the journal meanwhile.
        string lockPath = path + ".lock";
        FileStream? held = null;
        FileStream file;
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
            held = new FileStream(lockPath, Own(FileShare.None, FileOptions.DeleteOnClose));
            file = new FileStream(path, Own(FileShare.ReadWrite, FileOptions.Asynchronous));
        }
        catch (IOException e) when (held is null && File.Exists(lockPath))
        {
            throw RolloutErrors.RolloutJournalBusy.New($"The journal '{path}' is held by another process.", path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (held is not null)
                await held.DisposeAsync().ConfigureAwait(false);
            throw RolloutErrors.RolloutJournalNotWritten.New(
                $"The journal '{path}' cannot be opened: {e.Message}",
                path,
                e
            );
        }

        var journal = new RolloutJournal(file, held);
        await journal.LoadAsync(cancellationToken).ConfigureAwait(false);
        return journal;
    }

    private static FileStreamOptions Own(FileShare share, FileOptions how)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = share,
            Options = how,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    /// <summary>What is remembered of a node.</summary>
    internal RolloutMemory MemoryOf(string key)
    {
        lock (_lock)
            return _memories.GetValueOrDefault(key, RolloutMemory.Empty);
    }

    /// <summary>Appends an entry.</summary>
    /// <exception cref="TsException"><c>RolloutJournalNotWritten</c>.</exception>
    internal async Task WriteAsync(RolloutEntry entry)
    {
        byte[] line = JsonSerializer.SerializeToUtf8Bytes(entry, RolloutJson.Default.RolloutEntry);
        Task flushed;
        lock (_lock)
        {
            _waiting.Write(line);
            _waiting.WriteByte((byte)'\n');
            Remember(entry);
            if (_flushed is null)
            {
                _flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _writing = FlushAsync(_writing, _flushed);
            }

            flushed = _flushed.Task;
        }

        if (!entry.IsVital)
            return;
        try
        {
            await flushed.ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RolloutErrors.RolloutJournalNotWritten.New(
                $"The journal '{Path}' cannot be written: {e.Message}",
                entry.Node,
                e
            );
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Task writing;
        lock (_lock)
            writing = _writing;
        await writing.ConfigureAwait(false);
        await _file.DisposeAsync().ConfigureAwait(false);
        await _waiting.DisposeAsync().ConfigureAwait(false);
        if (_held is not null)
            await _held.DisposeAsync().ConfigureAwait(false);
    }

    // Whoever comes while one flush runs waits for the next, which takes all of them.
    private async Task FlushAsync(Task before, TaskCompletionSource done)
    {
        await before.ConfigureAwait(false);
        await Task.Yield();
        MemoryStream lines;
        lock (_lock)
        {
            (lines, _waiting, _flushed) = (_waiting, new MemoryStream(), null);
        }

        try
        {
            using (lines)
                await _file.WriteAsync(lines.GetBuffer().AsMemory(0, (int)lines.Length)).ConfigureAwait(false);
            _file.Flush(flushToDisk: true);
            done.SetResult();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            done.SetException(e);
            _ = done.Task.Exception; // entries that nobody waits for fail with the next one that somebody does
        }
    }

    /// <summary>By what a node's memory is found while only its address is known.</summary>
    internal static string AtAddress(string address) => "@" + address;

    private void Remember(RolloutEntry entry)
    {
        RolloutMemory memory = _memories.GetValueOrDefault(entry.Key, RolloutMemory.Empty).With(entry) with
        {
            Key = entry.Key,
        };
        _memories[entry.Key] = memory;
        if (entry.Address is not null)
            _memories[AtAddress(entry.Address)] = memory;
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        using (var reader = new StreamReader(_file, leaveOpen: true))
        {
            while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
            {
                if (line.Length == 0)
                    continue;
                if (Read(line) is { } entry)
                    Remember(entry);
                else
                    Unreadable++;
            }
        }

        if (!_file.CanWrite)
            return;

        // A line that a power cut has torn stays what it is; the next one begins on its own.
        if (_file.Length > 0)
        {
            _file.Position = _file.Length - 1;
            if (_file.ReadByte() != '\n')
                _file.WriteByte((byte)'\n');
        }

        _file.Position = _file.Length;
    }

    private static RolloutEntry? Read(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, RolloutJson.Default.RolloutEntry);
        }
        catch (JsonException)
        {
            return null; // counted; the nodes have the last word anyway
        }
    }
}

/// <summary>How entries are written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true
)]
[JsonSerializable(typeof(RolloutEntry))]
internal sealed partial class RolloutJson : JsonSerializerContext;
