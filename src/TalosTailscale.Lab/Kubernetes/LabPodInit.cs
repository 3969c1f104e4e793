using System.Text;
using System.Text.Json.Nodes;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>Runs the containers that come before a pod's own, one after the other.</summary>
internal sealed class LabPodInit(LabPodStatus status)
{
    private const int MessageLimit = 2048;

    /// <summary>Runs one; false when the pod has ended with it.</summary>
    internal async Task<bool> RunAsync(LabPod pod, JsonObject container, LabPodSandbox sandbox)
    {
        await UnpackAsync(pod, container);
        status.SetInit(
            pod,
            container,
            new JsonObject { ["running"] = new JsonObject { ["startedAt"] = status.Now() } }
        );
        var (code, message) = await ProcessAsync(pod, container, sandbox);
        var end = status.Terminated(
            code,
            code == 0 ? "Completed" : "Error",
            code == 0 || message.Length == 0 ? null : message
        );
        status.SetInit(pod, container, new JsonObject { ["terminated"] = end });
        if (code == 0 && !pod.End.IsCompleted)
            return true;
        if (!pod.End.IsCompleted)
        {
            status.Finish(pod, "Failed", null, null, null);
            await pod.End;
        }
        return false;
    }

    // Of an installer image the lab has the one file that anybody could want of it.
    private static async Task UnpackAsync(LabPod pod, JsonObject container)
    {
        var file = pod.Mounts!.ImageFile(container, $"/usr/install/{pod.Node!.Facts.Architecture}/vmlinuz.efi");
        await pod.Node.SaveInstallerUkiAsync(container.Text("image") ?? "", file, CancellationToken.None);
    }

    private static async Task<(int Code, string Message)> ProcessAsync(
        LabPod pod,
        JsonObject container,
        LabPodSandbox sandbox
    )
    {
        string Here(string word) => pod.Mounts!.Translate(container, word);
        var command = (container["command"] as JsonArray ?? [])
            .Concat(container["args"] as JsonArray ?? [])
            .Select(a => Here(a!.GetValue<string>()))
            .ToArray();
        var variables = container.Items("env").Select(e => (e.Text("name")!, Here(e.Text("value") ?? "")));
        try
        {
            var process = sandbox.Start(command, pod.Node!.Facts, input: false, variables);
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            if (await Task.WhenAny(process.WaitForExitAsync(), pod.End) == pod.End)
                LabPodSandbox.KillTree(process);
            await process.WaitForExitAsync();
            var message = new StringBuilder(await output).Append(await errors).ToString().Trim();
            var code = process.ExitCode;
            sandbox.Forget(process);
            return (code, message.Length > MessageLimit ? message[^MessageLimit..] : message);
        }
        catch (FileNotFoundException e)
        {
            return (128, e.Message);
        }
    }
}
