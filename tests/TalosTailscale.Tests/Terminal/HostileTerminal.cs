using System.Diagnostics;
using System.Text;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Terminal;

/// <summary>Text that drives terminals, and PowerShell on a pseudo terminal that is to show it without being driven.</summary>
internal static class HostileTerminal
{
    // Pieces of the text below, each of which a terminal acts upon.
    private static readonly (string Name, string Bytes)[] s_acting =
    [
        ("OSC 0", "\u001b]0;"),
        ("OSC 8", "\u001b]8;;http"),
        ("OSC 52", "\u001b]52;c;"),
        ("clear screen", "\u001b[2J\u001b[3J"),
        ("cursor", "\u001b[13;37H"),
        ("C1 CSI", "\u009b31m"),
        ("C1 OSC", "\u009d0;"),
        ("DCS", "\u001bP"),
        ("bell", "\u0007"),
        ("backspace", "\u0008"),
        ("right to left", "\u202e"),
        ("isolate", "\u2066"),
    ];

    /// <summary>What acts on terminals, with a name in it; without the characters that its place cannot hold.</summary>
    public static string Hostile(string name, string without = "")
    {
        string text =
            $"hostile-{name} "
            + string.Concat(s_acting.Select(a => a.Bytes))
            + "PWNED\u001b\\\u0007\u009c\u2069\u202c end";
        return string.Concat(text.Where(c => !without.Contains(c)));
    }

    public static string Quoted(string name) => System.Text.Json.JsonSerializer.Serialize(Hostile(name));

    public static string Answer(string status, string type, string body) =>
        $"HTTP/1.1 {status}\r\nContent-Type: {type}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";

    /// <summary>Whether a part of the screen shows the text of that name, with what acts made visible.</summary>
    public static bool IsShown(string name, string part) =>
        part.Contains('\uFFFD') && part.Contains("hostile-" + name, StringComparison.Ordinal);

    /// <summary>Each entry has shown its text, and nothing in it acts.</summary>
    public static void AssertNothingActs(
        ITestOutputHelper output,
        string screen,
        IEnumerable<(string Name, string Script)> entries,
        Func<string, string, bool> isSeen
    )
    {
        List<string> wrong = [];
        foreach ((string name, _) in entries)
        {
            string part = Between(screen, $"<<{name}>>", $"<</{name}>>");
            int shown = part.Split('\uFFFD').Length - 1;
            string[] acting =
            [
                .. s_acting.Where(a => part.Contains(a.Bytes, StringComparison.Ordinal)).Select(a => a.Name),
            ];
            output.WriteLine(
                $"{name, -12} {part.Length, 6} characters, {shown, 4} made visible, acting: {string.Join(", ", acting)}"
            );
            if (acting.Length > 0 || !isSeen(name, part))
                wrong.Add($"{name}: {shown} visible, acting {string.Join(", ", acting)}\n{part}");
        }

        Assert.True(wrong.Count == 0, string.Join("\n\n", wrong).Replace('\u001b', '␛'));
    }

    // Each object is seen in its view and with all its properties, each error as it stands and with all that is in it.
    public static async Task<string> RunAsync(
        TemporaryFolder folder,
        IReadOnlyDictionary<string, string> environment,
        IEnumerable<(string Name, string Script)> entries
    )
    {
        var script = new StringBuilder(
            """
            $PSStyle.OutputRendering = 'PlainText'
            $ConfirmPreference = 'None'
            $ErrorActionPreference = 'Continue'
            $VerbosePreference = 'Continue'
            Set-Location $env:HOSTILE_FOLDER
            Import-Module $env:HOSTILE_MANIFEST -Verbose:$false
            function Fault($name) {
                [System.IO.File]::WriteAllText("$env:HOSTILE_FAULT.new", $name)
                [System.IO.File]::Move("$env:HOSTILE_FAULT.new", $env:HOSTILE_FAULT)
                while ([System.IO.File]::Exists($env:HOSTILE_FAULT)) { Start-Sleep -Milliseconds 20 }
            }
            function Show($name, $do) {
                [Console]::WriteLine("<<$name>>")
                $all = @(try { & $do *>&1 } catch { $_ })
                $all | Out-Default
                foreach ($one in $all) {
                    $one | Format-List * -Force | Out-Default
                    if ($one -is [System.Management.Automation.ErrorRecord]) { Get-Error -InputObject $one | Out-Default }
                }
                [Console]::WriteLine("<</$name>>")
            }

            """
        );
        foreach ((string name, string command) in entries)
            script.Append("Show " + name + " { " + command + " }\n");
        var start = new ProcessStartInfo(
            "/usr/bin/script",
            [
                "-qfec",
                $"stty cols 400; dotnet tool run pwsh -- -NoProfile -NoLogo -File '{folder.Write("show.ps1", script.ToString())}'",
                "/dev/null",
            ]
        )
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Repository.Root,
        };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        start.Environment["HOSTILE_MANIFEST"] = Repository.Manifest;
        start.Environment["HOSTILE_FOLDER"] = folder.Path;
        start.Environment["TERM"] = "xterm-256color";
        using Process process = Process.Start(start)!;
        try
        {
            using var bytes = new MemoryStream();
            await process.StandardOutput.BaseStream.CopyToAsync(bytes, TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return Encoding.UTF8.GetString(bytes.ToArray());
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static string Between(string text, string start, string end)
    {
        int from = text.IndexOf(start, StringComparison.Ordinal);
        int to = from < 0 ? -1 : text.IndexOf(end, from, StringComparison.Ordinal);
        Assert.True(to >= 0, $"'{start}' is not on the screen:\n{text[Math.Max(0, text.Length - 2000)..]}");
        return text[(from + start.Length)..to];
    }
}
