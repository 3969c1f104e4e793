using System.Collections.Concurrent;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>What goes wrong in the lab's Kubernetes, switched on and off while it runs.</summary>
public sealed class LabKubernetesFaults
{
    private long _execCutIn = -1;
    private long _execCutOut = -1;
    private int _execRefusals;
    private int _execCuts;

    /// <summary>Rights that the user lacks: <c>verb resource</c> (<c>create pods/exec</c>, <c>* nodes</c>).</summary>
    public ConcurrentDictionary<string, bool> Forbidden { get; } = new(StringComparer.Ordinal);

    /// <summary>The rights that were made use of, in the same form: what a role has to grant.</summary>
    public ConcurrentDictionary<string, bool> Used { get; } = new(StringComparer.Ordinal);

    /// <summary>For whom requests were made, as <c>user: group|group</c>.</summary>
    public ConcurrentDictionary<string, bool> Impersonated { get; } = new(StringComparer.Ordinal);

    /// <summary>Admission rules that let no pod in: the name of what stands in the way, and the server's words.</summary>
    public ConcurrentDictionary<string, string> Admission { get; } = new(StringComparer.Ordinal);

    /// <summary>Why the kubelet can make no sandbox for new pods, which it goes on trying; null for none.</summary>
    public string? SandboxProblem { get; set; }

    /// <summary>Images that cannot be pulled: the reference and the registry's words.</summary>
    public ConcurrentDictionary<string, string> UnpullableImages { get; } = new(StringComparer.Ordinal);

    /// <summary>True: an API server from before 1.29, which has no v5.channel.k8s.io.</summary>
    public bool OnlyV4 { get; set; }

    /// <summary>Watches end after so many events; null for no end.</summary>
    public int? WatchEventLimit { get; set; }

    /// <summary>What happens between the Ready of a pod and its exec server working.</summary>
    public TimeSpan ExecDelay { get; set; }

    /// <summary>Why the kubelet can start no command in a container, in its words; null for none.</summary>
    public string? ExecProblem { get; set; }

    /// <summary>Every command ends with this code once it has run; null for its own.</summary>
    public int? ExitCode { get; set; }

    /// <summary>The kubelet evicts a pod when this many bytes of input have come to a command in it; null for never.</summary>
    public long? EvictAfterInput { get; set; }

    /// <summary>The message of the kubelet that refuses every new pod (<c>OutOfpods</c>); null for none.</summary>
    public string? KubeletRefusal { get; set; }

    /// <summary>True: the EFI system partition cannot be written to.</summary>
    public bool EspReadOnly { get; set; }

    /// <summary>Bytes that can still be written to the EFI system partition; null for what its size leaves.</summary>
    public long? EspFreeBytes { get; set; }

    /// <summary>
    /// A folder whose programs take the place of those of a pod or a debug container: what an image or a disk does wrong.
    /// Looked at whenever a program starts another. Null for none.
    /// </summary>
    public string? Programs { get; set; }

    /// <summary>Cuts the connection of the next commands.</summary>
    /// <param name="afterInput">After so many bytes of standard input; null for not there.</param>
    /// <param name="afterOutput">After so many bytes of standard output; null for not there.</param>
    /// <param name="times">How many commands are cut.</param>
    public void CutExec(long? afterInput = null, long? afterOutput = null, int times = 1)
    {
        Interlocked.Exchange(ref _execCutIn, afterInput ?? -1);
        Interlocked.Exchange(ref _execCutOut, afterOutput ?? -1);
        Interlocked.Exchange(ref _execCuts, times);
    }

    /// <summary>The next commands are refused as by a kubelet that does not find the container yet.</summary>
    /// <param name="times">How many.</param>
    public void RefuseExec(int times) => Interlocked.Exchange(ref _execRefusals, times);

    internal bool TakeExecRefusal() => TakeOne(ref _execRefusals);

    /// <summary>
    /// Where a command is to be cut. At byte 0 of the input is before any of it; commands without input are left alone by a
    /// cut in the input.
    /// </summary>
    internal (long In, long Out) ExecCut(bool hasInput)
    {
        var (cutIn, cutOut) = (Interlocked.Read(ref _execCutIn), Interlocked.Read(ref _execCutOut));
        return (cutIn >= 0 && !hasInput) || Volatile.Read(ref _execCuts) <= 0 ? (-1, -1) : (cutIn, cutOut);
    }

    /// <summary>A command has come to where it is to be cut: false when others had all the cuts by then.</summary>
    internal bool TakeExecCut() => TakeOne(ref _execCuts);

    internal bool IsForbidden(string verb, string resource) =>
        !Forbidden.IsEmpty && (Forbidden.ContainsKey($"{verb} {resource}") || Forbidden.ContainsKey($"* {resource}"));

    private static bool TakeOne(ref int count)
    {
        while (true)
        {
            var now = Volatile.Read(ref count);
            if (now <= 0)
                return false;
            if (Interlocked.CompareExchange(ref count, now - 1, now) == now)
                return true;
        }
    }
}
