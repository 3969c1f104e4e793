using System.Diagnostics;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Kubernetes;

namespace TalosTailscale.Tests.Boot;

/// <summary>
/// A node shell on this machine, unprivileged: the real program in a real shell, with a folder in place of the EFI
/// system partition. <c>mount</c>, <c>umount</c> and <c>df</c> are functions or programs that stand for the real ones.
/// </summary>
internal sealed class FolderNodeShell : INodeShell
{
    private const string Prelude = """
        mount() { eval "last=\${$#}"; rmdir "$last" && ln -s "$ESP_FOLDER" "$last"; }
        umount() { rm "$1" && mkdir "$1"; }
        df() { printf 'Filesystem 1024-blocks Used Available Capacity Mounted on\nesp %s 0 %s 0%% /esp\n' "$ESP_TOTAL_KB" "$ESP_FREE_KB"; }

        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("ts-shell-").FullName;
    private readonly ShellKind _kind;

    public FolderNodeShell(ShellKind kind, string esp)
    {
        _kind = kind;
        Esp = esp;
        if (OperatingSystem.IsWindows())
            Assert.Skip("There is no POSIX shell on Windows.");
        if (!File.Exists(Program))
            Assert.Skip($"'{Program}' is not installed.");
        Directory.CreateDirectory(Path.Combine(_folder, "tmp"));
    }

    public string Esp { get; }

    public string Node => "ampone";

    public string Holder { get; init; } = "pod/kube-system/one";

    public TimeSpan Lifetime => TimeSpan.FromHours(1);

    public long FreeKilobytes { get; set; } = 1_000_000;

    /// <summary>Holders of locks that are known to be gone.</summary>
    public HashSet<string> Gone { get; } = [];

    /// <summary>The commands so far, without the shell and the program.</summary>
    public List<string> Commands { get; } = [];

    /// <summary>Called before each command with its words; may throw, or give a fault.</summary>
    public Func<IReadOnlyList<string>, ShellFault?>? OnCommand { get; set; }

    public bool Closed { get; private set; }

    /// <summary>So many bytes of an answer come; the exit code says that all did. Null for all.</summary>
    public int? KeepsOfAnswer { get; init; }

    private string Program => _kind == ShellKind.Dash ? "/usr/bin/dash" : "/usr/bin/busybox";

    public static TsException ConnectionLost() =>
        KubernetesErrors.ExecConnectionLost.New("'ampone': the connection broke.");

    public async Task<int> RunAsync(
        IReadOnlyList<string> command,
        Stream? stdin,
        Stream stdout,
        Stream stderr,
        CancellationToken cancellationToken
    )
    {
        string[] words = [.. command.Skip(5)];
        Commands.Add(string.Join(' ', words));
        ShellFault? fault = OnCommand?.Invoke(words);
        var start = new ProcessStartInfo(Program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (_kind == ShellKind.BusyboxAsh)
            start.ArgumentList.Add("sh");
        foreach (string word in (string[])["-c", Prelude + command[2], .. command.Skip(3)])
            start.ArgumentList.Add(word);
        start.Environment["TMPDIR"] = Path.Combine(_folder, "tmp");
        start.Environment["ESP_FOLDER"] = Esp;
        start.Environment["ESP_TOTAL_KB"] = "2000000";
        start.Environment["ESP_FREE_KB"] = FreeKilobytes.ToString(System.Globalization.CultureInfo.InvariantCulture);
        int programLength = int.Parse(command[4], System.Globalization.CultureInfo.InvariantCulture);
        using var process = Process.Start(start)!;
        using CancellationTokenRegistration stop = cancellationToken.Register(process.StandardInput.Close);
        using var answer = new MemoryStream();
        Task output = process.StandardOutput.BaseStream.CopyToAsync(
            fault?.LosesAnswer == true ? Stream.Null
                : KeepsOfAnswer is null ? stdout
                : answer,
            CancellationToken.None
        );
        Task errors = process.StandardError.BaseStream.CopyToAsync(stderr, CancellationToken.None);
        await SendAsync(stdin, process.StandardInput.BaseStream, fault?.CutAfter + programLength, cancellationToken);
        process.StandardInput.Close();
        await Task.WhenAll(output, errors);
        await stdout.WriteAsync(
            answer.ToArray().AsMemory(0, (int)Math.Min(KeepsOfAnswer ?? 0, answer.Length)),
            default
        );
        await process.WaitForExitAsync(CancellationToken.None);
        cancellationToken.ThrowIfCancellationRequested();
        if (fault is { LosesAnswer: true } or { CutAfter: not null })
            throw ConnectionLost();
        return fault?.ExitCode ?? process.ExitCode;
    }

    public Task RequireMachineAsync(bool forWriting, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<bool> IsGoneAsync(string holder, CancellationToken cancellationToken) =>
        Task.FromResult(Gone.Contains(holder));

    public bool IsTransient(TsException exception) => exception.Error == KubernetesErrors.ExecConnectionLost;

    public Task CloseAsync(CancellationToken cancellationToken)
    {
        Closed = true;
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        Closed = true;
        Assert.Empty(Directory.GetDirectories(Path.Combine(_folder, "tmp")));
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private static async Task SendAsync(Stream? source, Stream target, long? cut, CancellationToken cancellationToken)
    {
        if (source is null)
            return;
        byte[] buffer = new byte[8192];
        long left = cut ?? long.MaxValue;
        try
        {
            while (left > 0)
            {
                int read = await source.ReadAsync(
                    buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)),
                    cancellationToken
                );
                if (read == 0)
                    break;
                await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                left -= read;
            }

            await target.FlushAsync(cancellationToken);
        }
        catch (Exception exception)
            when (exception is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The program ended before it had read everything, or the caller stopped; the exit code tells.
        }
    }
}
