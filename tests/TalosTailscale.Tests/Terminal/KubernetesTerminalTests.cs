using System.Text.Json.Nodes;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Tests.Engine;
using static TalosTailscale.Tests.Terminal.HostileTerminal;

namespace TalosTailscale.Tests.Terminal;

/// <summary>
/// The cluster's own API server, its kubelets, registries and containers send what drives terminals: each way by which their
/// text reaches people, on a pseudo terminal.
/// </summary>
public sealed class KubernetesTerminalTests(ITestOutputHelper output) : IDisposable
{
    private const string Image = "registry.example.org/tools:1";

    // By name: what goes wrong first, and what is run then.
    private static readonly (string Name, string Script)[] s_entries =
    [
        ("refusal", "Fault refusal; Get-TalosEsp ampone -Via Kubernetes"),
        ("registry", $"Fault registry; Get-TalosEsp ampone -Via Kubernetes -Image {Image}"),
        ("event", "Fault event; Get-TalosEsp ampone -Via Kubernetes"),
        ("kubelet", "Fault kubelet; Get-TalosEsp ampone -Via Kubernetes"),
        ("exec", "Fault exec; Get-TalosEsp ampone -Via Kubernetes"),
        ("stderr", "Fault stderr; Get-TalosEsp ampone -Via Kubernetes"),
        ("podname", "Fault podname; Test-TsCluster -Check RegistryPods -RegistryNamespace default"),
        ("nodename", "Fault nodename; Test-TsCluster -Check StaleNodes"),
        ("context", "Test-TsCluster -Check KubernetesNode -KubeConfig $env:HOSTILE_KUBECONFIG -KubeContext nosuch"),
        ("plugin", "Test-TsCluster -Check KubernetesNode -KubeConfig $env:HOSTILE_PLUGIN"),
    ];

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Nothing_that_the_cluster_says_drives_the_terminal()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/script"), "Needs util-linux's script.");
        await using LabSession lab = await LabSession.StartAsync();
        string asked = _folder["fault"];
        var environment = new Dictionary<string, string>(lab.Client.Environment)
        {
            ["TALOSTAILSCALE_DEVICES"] = lab.Devices,
            ["HOSTILE_FAULT"] = asked,
            ["HOSTILE_KUBECONFIG"] = _folder.Write("contexts", Kubeconfig("{token: abc}", Quoted("context"))),
            ["HOSTILE_PLUGIN"] = _folder.Write("plugins", Kubeconfig(Plugin(), "x")),
        };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task faults = FaultsAsync(lab.Lab.Part<LabKubernetesPart>()!.Api, asked, stop.Token);

        string screen = await RunAsync(_folder, environment, s_entries);
        await stop.CancelAsync();
        await faults;

        AssertNothingActs(output, screen, s_entries, IsShown);
    }

    // Makes go wrong what the script asks for, and nothing else, until it asks for the next.
    private async Task FaultsAsync(LabKubernetesApi api, string asked, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            if (File.Exists(asked))
            {
                Set(api, await File.ReadAllTextAsync(asked, CancellationToken.None));
                File.Delete(asked);
            }

            await Task.Delay(20, stop).ContinueWith(_ => { }, CancellationToken.None, default, TaskScheduler.Default);
        }
    }

    private void Set(LabKubernetesApi api, string name)
    {
        string text = Hostile(name);
        LabKubernetesFaults faults = api.Faults;
        faults.Admission.Clear();
        if (name == "refusal")
            faults.Admission["hook"] = text;
        if (name == "registry")
            faults.UnpullableImages[Image] = "unauthorized: " + text;
        faults.SandboxProblem = name == "event" ? text : null;
        faults.KubeletRefusal = name == "kubelet" ? text : null;
        faults.ExecProblem = name == "exec" ? text : null;
        faults.Programs = name == "stderr" ? Programs(text) : null;
        if (name == "podname")
            api.Store.Create(KubeResource.Pods, Pod(text));
        if (name == "nodename")
            api.Store.Create(
                KubeResource.Nodes,
                new JsonObject
                {
                    ["metadata"] = new JsonObject { ["name"] = text },
                    ["spec"] = new JsonObject(),
                    ["status"] = new JsonObject(),
                }
            );
    }

    // A shell that is killed has said nothing by itself: what its programs said is shown.
    private string Programs(string text)
    {
        string said = _folder.Write("stderr.txt", text);
        Program("uname", $"cat {said} >&2; echo aarch64");
        Program("rmdir", "kill -KILL $PPID");
        return _folder["programs"];
    }

    private void Program(string name, string script)
    {
        string path = _folder.Write($"programs/{name}", $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static JsonObject Pod(string text) =>
        new()
        {
            ["metadata"] = new JsonObject { ["name"] = text, ["namespace"] = "default" },
            ["spec"] = new JsonObject
            {
                ["nodeName"] = text,
                ["containers"] = new JsonArray(new JsonObject { ["name"] = text, ["image"] = text }),
            },
            ["status"] = new JsonObject
            {
                ["phase"] = "Running",
                ["conditions"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = "Ready",
                        ["status"] = "False",
                        ["reason"] = text,
                        ["message"] = text,
                    }
                ),
            },
        };

    private static string Kubeconfig(string user, string context) =>
        $"apiVersion: v1\nkind: Config\ncurrent-context: {context}\n"
        + $"contexts: [{{name: {context}, context: {{cluster: x, user: x}}}}]\n"
        + $"clusters: [{{name: x, cluster: {{server: 'https://127.0.0.1:9'}}}}]\nusers: [{{name: x, user: {user}}}]\n";

    private string Plugin()
    {
        string text = _folder.Write("plugin.txt", Hostile("plugin"));
        return $"{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: sh, interactiveMode: Never, args: ['-c', 'cat {text} >&2; exit 3']}}}}";
    }

    public void Dispose() => _folder.Dispose();
}
