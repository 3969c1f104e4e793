using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>
/// Where the processes of a pod run: this machine, without privileges, in a scratch folder with the pod's own tools first
/// in the path.
/// </summary>
internal sealed class LabPodSandbox : IDisposable
{
    private static readonly Lazy<bool> s_mustDropRights = new(MustDropRights);
    private static readonly string[] s_path =
    [
        "/usr/local/sbin",
        "/usr/local/bin",
        "/usr/sbin",
        "/usr/bin",
        "/sbin",
        "/bin",
    ];

    private readonly string _root;
    private readonly string _tools;
    private readonly LabKubernetesFaults _faults;
    private readonly HashSet<Process> _running = [];
    private bool _ended;

    internal LabPodSandbox(string root, LabKubernetesFaults faults, LabKubernetesNodeFacts node)
    {
        _root = root;
        _faults = faults;
        _tools = Directory.CreateDirectory(Path.Combine(root, "tools")).FullName;
        Directory.CreateDirectory(Path.Combine(root, "tmp"));
        LabPodTools.Write(_tools, hasImage: File.Exists(node.EspDevice) && node.EspDirectory is not null);
    }

    /// <summary>Starts a command; its three streams are pipes.</summary>
    /// <exception cref="FileNotFoundException">There is no such program.</exception>
    internal Process Start(
        IReadOnlyList<string> command,
        LabKubernetesNodeFacts node,
        bool input,
        IEnumerable<(string Name, string Value)>? variables = null
    )
    {
        var program = Find(command[0])
            ?? throw new FileNotFoundException($"exec: \"{command[0]}\": executable file not found in $PATH");
        var start = new ProcessStartInfo
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _root,
        };
        var line = new List<string>();
        if (s_mustDropRights.Value)
            line.AddRange(["setpriv", "--inh-caps=-all", "--bounding-set=-all"]);
        // The file size limit is what is left on the partition: writes fail at the very byte, whatever program makes them.
        line.AddRange([
            "/bin/sh",
            "-c",
            "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"",
            "pod",
            FileLimit(node),
            program,
        ]);
        start.FileName = line[0];
        foreach (var argument in line.Skip(1).Concat(command.Skip(1)))
            start.ArgumentList.Add(argument);
        SetEnvironment(start.Environment, node);
        foreach (var (name, value) in variables ?? [])
            start.Environment[name] = value;
        lock (_running)
        {
            if (_ended)
                throw new FileNotFoundException("the container is not running");
            var process = Process.Start(start) ?? throw new FileNotFoundException("the process could not be started");
            _running.Add(process);
            if (!input)
                process.StandardInput.Close();
            return process;
        }
    }

    internal void Forget(Process process)
    {
        lock (_running)
            _running.Remove(process);
        process.Dispose();
    }

    /// <summary>Ends every process of the pod, as a kubelet does when it takes the container down.</summary>
    internal void Kill()
    {
        Process[] all;
        lock (_running)
        {
            _ended = true;
            all = [.. _running];
        }
        foreach (var process in all)
            KillTree(process);
    }

    public void Dispose()
    {
        Kill();
        try
        {
            Directory.Delete(_root, recursive: true);
        }
        catch (IOException)
        {
            // A dying process may still have its folder; the lab's folder goes as a whole later.
        }
    }

    internal static void KillTree(Process process)
    {
        try
        {
            // The tree is found by a look at every process of the machine; one that has ended has none any more.
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            Debug.WriteLine(e.Message); // ended by itself
        }
    }

    private string? Find(string program)
    {
        if (program.Contains('/', StringComparison.Ordinal))
            return File.Exists(program) ? program : null;
        return Folders().Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
    }

    private IEnumerable<string> Folders() =>
        _faults.Programs is { } programs ? [programs, _tools, .. s_path] : s_path.Prepend(_tools);

    private void SetEnvironment(IDictionary<string, string?> environment, LabKubernetesNodeFacts node)
    {
        environment.Clear();
        environment["PATH"] = string.Join(':', Folders());
        environment["HOME"] = _root;
        environment["TMPDIR"] = Path.Combine(_root, "tmp");
        environment["HOSTNAME"] = Path.GetFileName(_root);
        environment["LAB_BOOT_ID"] = node.BootId;
        environment["LAB_ESP_DEVICE"] = node.EspDevice;
        environment["LAB_ESP_DIRECTORY"] = node.EspDirectory ?? "";
        environment["LAB_ESP_CAPACITY"] = node.EspCapacity.ToString(CultureInfo.InvariantCulture);
        environment["LAB_ESP_READONLY"] = _faults.EspReadOnly ? "1" : "";
        environment["LAB_ESP_FREE"] = (_faults.EspFreeBytes ?? node.EspFree)?.ToString(CultureInfo.InvariantCulture)
            ?? "";
        if (node.EspDirectory is { } esp && !OperatingSystem.IsWindows())
            SetWritable(esp, !_faults.EspReadOnly);
    }

    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private static void SetWritable(string folder, bool writable)
    {
        const UnixFileMode write = UnixFileMode.UserWrite;
        foreach (
            var path in Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Prepend(folder)
        )
        {
            var mode = File.GetUnixFileMode(path);
            if (mode.HasFlag(write) != writable)
                File.SetUnixFileMode(
                    path,
                    writable ? mode | write : mode & ~(write | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)
                );
        }
    }

    // In units of 512 bytes, as POSIX says of "ulimit -f".
    private string FileLimit(LabKubernetesNodeFacts node)
    {
        if (node.EspDirectory is not { } esp || !Directory.Exists(esp))
            return "unlimited";
        var free = _faults.EspFreeBytes
            ?? node.EspFree
            ?? node.EspCapacity
                - Directory
                    .EnumerateFiles(esp, "*", SearchOption.AllDirectories)
                    .Sum(f => (new FileInfo(f).Length + 4095) / 4096 * 4096);
        return (Math.Max(free, 0) / 512).ToString(CultureInfo.InvariantCulture);
    }

    private static bool MustDropRights()
    {
        if (!Environment.IsPrivilegedProcess || !OperatingSystem.IsLinux())
            return false;
        try
        {
            using var probe = Process.Start(
                new ProcessStartInfo("setpriv", ["--inh-caps=-all", "--bounding-set=-all", "true"])
                {
                    RedirectStandardError = true,
                }
            );
            probe!.WaitForExit();
            return probe.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
