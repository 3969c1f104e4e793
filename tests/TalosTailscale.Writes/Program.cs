using System.Runtime.InteropServices;
using TalosTailscale.Writes;

// Whoever started this may trace it, which some systems grant to parents only.
const int SetTracer = 0x59616d61;
_ = prctl(SetTracer, nuint.MaxValue);

// All of it happens in one thread, where the pool has one; the first time elsewhere, so that it loads nothing later on.
await Task.Run(() => FileWrites.RunAsync([args[0], args[1] + "-before", .. args[2..]]));
Console.WriteLine("ready");
Console.ReadLine();
return await Task.Run(() =>
{
    // More than any other thread or program opens: the number of a call of this thread is its own.
    for (int i = 0; i < 80; i++)
        File.OpenHandle("/dev/null").Dispose();
    return FileWrites.RunAsync(args);
})
    ? 0
    : 2;

[DllImport("libc")]
static extern int prctl(int option, nuint value);
