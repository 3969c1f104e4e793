using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>
/// Who holds a pod, a lease or a lock: user, machine, process and its start, in one text of four parts between slashes,
/// which another run on the same machine can hold against the processes that live.
/// </summary>
/// <remarks>
/// No part depends on the clock: one that is set between the starts of two runs would make each take the other for dead.
/// </remarks>
internal static class ProcessIdentity
{
    private const int Parts = 4;

    private static readonly string s_boot = Read("/proc/sys/kernel/random/boot_id");
    private static readonly string s_processes = OperatingSystem.IsLinux() ? Namespace() : "";
    private static readonly string s_machine = Machine(Environment.MachineName, Read("/etc/machine-id"), s_boot);

    /// <summary>This process.</summary>
    internal static string Own { get; } = Describe();

    /// <summary>
    /// True when the holder was a process of this machine that has ended; false for what cannot be known, as of another
    /// machine, or of another container on this one.
    /// </summary>
    internal static bool IsGone(string? holder)
    {
        var parts = holder?.Split('/') ?? [];
        if (
            parts.Length < Parts
            || parts[1] != s_machine
            || !int.TryParse(parts[2], CultureInfo.InvariantCulture, out var id)
        )
            return false;
        if (!OperatingSystem.IsLinux())
            return !IsAlive(id, parts[3]);
        if (parts[3].Split('.') is not [var boot, var processes, var start])
            return false;
        return boot != Short(s_boot) || (processes == s_processes && !IsAlive(id, start));
    }

    /// <summary>
    /// A name for a machine: host names alone are not enough, half of all laptops have the same. Without an id of its own
    /// it is another machine after each start.
    /// </summary>
    internal static string Machine(string name, string id, string boot)
    {
        var own = id.Length == 32 && id.All(char.IsAsciiHexDigit) ? id : boot;
        return own.Length == 0 ? name : $"{name}-{Short(own)}";
    }

    private static string Describe()
    {
        using var me = Process.GetCurrentProcess();
        var start = Start(me);
        if (OperatingSystem.IsLinux())
            start = $"{Short(s_boot)}.{s_processes}.{start}";
        return $"{Environment.UserName.Replace('/', '-')}/{s_machine}/{Environment.ProcessId}/{start}";
    }

    private static bool IsAlive(int id, string start)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return !process.HasExited && Start(process) == start;
        }
        catch (ArgumentException)
        {
            return false; // no such process
        }
        catch (Exception e)
            when (e is InvalidOperationException or Win32Exception or IOException or UnauthorizedAccessException)
        {
            return true; // somebody's process that may not be looked into: assume the best of it
        }
    }

    // Windows and macOS keep the time of the start; Linux keeps clock ticks since the boot, from which .NET computes a time.
    private static string Start(Process process)
    {
        if (!OperatingSystem.IsLinux())
            return process.StartTime.ToUniversalTime().Ticks.ToString(CultureInfo.InvariantCulture);
        var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/stat"));
        // proc_pid_stat(5): the name in brackets may hold anything; starttime is field 22, the 20th behind it.
        return stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[19];
    }

    // Numbers of processes mean nothing in another container.
    private static string Namespace()
    {
        var link = new FileInfo("/proc/self/ns/pid").LinkTarget ?? "";
        return new string([.. link.Where(char.IsAsciiDigit)]);
    }

    // machine-id(5) asks that the id itself is not shown.
    private static string Short(string id) =>
        Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes("TalosTailscale " + id)))[..8].ToLowerInvariant();

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ""; // not on this system
        }
    }
}
